import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { untilRunning } from "../support/reload.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

interface Refusal {
  source: { kind: string };
  name: string | null;
  reason: string;
  lastGoodKept: boolean;
}

describe("a running host", () => {
  const key = uniqueName("inputs-key");
  const [inFile, inEtcd] = [uniqueName("in-file"), uniqueName("in-etcd")];
  const servers = useStack();
  let etcd: Etcd3;
  let host: TestHost;
  let config: object;

  beforeAll(async () => {
    etcd = new Etcd3({ hosts: servers.addresses.etcdEndpoints });
    await Promise.all([inFile, inEtcd].map((topic) => servers.kafka.createTopic(topic)));
    await etcd.put(key).value(JSON.stringify([inEtcd]));
    const { etcdEndpoints } = servers.addresses;
    config = { ...servers.config, etcd: { endpoints: etcdEndpoints, keys: [key] }, topics: [inFile] };
    host = await startTestHost(config);
    await host.untilReady();
    // On a fresh broker, a group's first join takes longer than a run waits: ready does not mean running then.
    await untilRunning(host, inFile, inEtcd);
  }, 240_000);
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    etcd.close();
  });

  const states = async () =>
    Object.fromEntries((await host.topics()).map(({ topic, state }) => [topic, state])) as Record<
      string,
      string
    >;

  async function refused(): Promise<Refusal[]> {
    const answer = await host.fetch("/reconcile?dryRun=true", { method: "POST" });
    return ((await answer.json()) as { plan: { refused: Refusal[] } }).plan.refused;
  }

  test.each([
    ["broken YAML", "topics: [a\n", ":2:1 not YAML"],
    ["an unknown key", "nope: 1\n", ":1:1 kafka: is required"],
    ["an empty file", "", ":1:1 kafka: is required"],
  ])(
    "config broken by %s: everything stands, and is told, until it is mended",
    async (_what, text, answer) => {
      const before = await servers.kafka.ends(inFile);
      await host.writeConfig(text);
      // A busy server may be too late for a moment.
      await eventually("not ready because of the config alone", async () => {
        const response = await host.fetch("/readyz");
        const { detail, checks } = (await response.json()) as { detail: string; checks: object };
        expect(response.status).toBe(503);
        expect(detail).toContain(`config (${host.configPath}${answer}`);
        expect(checks).toMatchObject({ config: { ok: false }, kafka: { ok: true }, etcd: { ok: true } });
        return true;
      });
      expect(await refused()).toContainEqual({
        source: { kind: "config", name: host.configPath, revision: null },
        name: null,
        reason: expect.stringContaining(`${host.configPath}${answer}`),
        lastGoodKept: true,
      } as never);
      await servers.kafka.produce(inFile, [{ value: "still moved" }]);
      await host.untilTopic(inFile, "still moves", ({ partitions }) =>
        partitions.every(({ committed }) => committed === (before.get(0) ?? 0) + 1),
      );
      await host.writeConfig(config);
      await host.untilReady();
      expect(await refused()).toEqual([]);
      expect(await states()).toEqual({ [inFile]: "running", [inEtcd]: "running" });
    },
    240_000,
  );

  test.each([
    ["not JSON", "nope", `"nope" is not JSON`],
    ["no array", '{"topic":"a"}', "is not a JSON array of declarations"],
    ["an empty text", "", `"" is not JSON`],
    ["no text", Buffer.from([0xff, 0xfe]), "the value is not valid UTF-8"],
    ["a wrong type", "[1]", "entry 1"],
    ["a slip of a field's name", '[{"topic":"a","idnex":"x"}]', "entry 1: field idnex is unknown"],
    ["a path as topic", '["../../etc/passwd"]', "is not a Kafka topic name"],
    ["a topic in capitals", '["A"]', "cannot be used as an Elasticsearch index name"],
    ["the prototype", '[{"__proto__":{"topic":"a"}}]', "entry 1"],
    ["a name with a line break", '["a\\nb"]', '"a\\nb"'],
    ["a hidden index", '[{"topic":"a","index":".security"}]', "is not an Elasticsearch index name"],
    ["an entry twice", '["later-1","later-1"]', '"later-1" is already declared by entry 1'],
  ])(
    "etcd holds %s: refused with its reason, the others stand",
    async (_what, value, reason) => {
      const before = host.log().length;
      const toldOf = (wanted: string) =>
        eventually(`the log has a line of level ${wanted}`, () => {
          const lines = host.log().slice(before);
          const ours = lines.filter(({ source, msg }) => source === key && String(msg).includes("refused"));
          return ours.some(({ level }) => level === wanted) ? ours : null;
        });
      await etcd.put(key).value(value);
      const all = await eventually("refused", async () => {
        const list = await refused();
        return list.length === 1 ? list : null;
      });
      expect(all[0]?.reason).toContain(`etcd key "${key}"`);
      expect(all[0]?.reason).toContain(reason);
      await toldOf("warn");
      expect((await states())[inFile]).toBe("running");
      await etcd.put(key).value(JSON.stringify([inEtcd]));
      await eventually("nothing is refused", async () => (await refused()).length === 0);
      const told = await toldOf("info");
      expect(told).toMatchObject([
        { level: "warn", msg: "a declaration is refused", reason: all[0]?.reason },
        { level: "info", msg: "a declaration is no longer refused" },
      ]);
    },
    240_000,
  );

  test("a bad entry among good ones", async () => {
    await etcd.put(key).value(
      JSON.stringify([
        { topic: inEtcd, path: "/var/log/a" },
        { topic: "b", format: "xml" },
      ]),
    );
    await host.untilTopic(
      inEtcd,
      "has its new path",
      ({ spec, state }) => spec.path !== null && state === "running",
    );
    expect(await refused()).toEqual([
      {
        source: { kind: "etcd", name: key, revision: expect.any(Number), entry: 1 },
        name: "b",
        reason: `etcd key "${key}", entry 2: format "xml" is not one of text or json`,
        lastGoodKept: false,
      } as never,
    ]);
  }, 240_000);

  test.each<[string, string, RequestInit, number, string]>([
    ["an unknown route", "/nope", {}, 404, "There is nothing at this path."],
    ["a wrong method", "/reconcile", {}, 405, "/reconcile answers POST only."],
    ["another wrong method", "/topics", { method: "DELETE" }, 405, "/topics answers GET, HEAD only."],
    ["a bad value", "/reconcile?dryRun=yes", { method: "POST" }, 400, 'dryRun "yes" must be true or false.'],
    [
      "a misspelt name",
      "/reconcile?dryrun=true",
      { method: "POST" },
      400,
      'Unknown parameter "dryrun": it must be dryRun, accept or plan.',
    ],
    [
      "a foreign Host",
      "/topics",
      { headers: { host: "evil.example" } },
      403,
      "Without http.token the Host header must name a loopback address or localhost.",
    ],
    [
      "a foreign Origin",
      "/topics",
      { headers: { origin: "http://evil.example" } },
      403,
      "The Origin header must name this host itself.",
    ],
    [
      "a body over the limit",
      "/reconcile",
      { method: "POST", body: "x".repeat(65_537) },
      413,
      "The body is over 65536 bytes.",
    ],
  ])("HTTP: %s", async (_what, path, init, status, detail) => {
    const answer = await host.fetch(path, init);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({
      type: "about:blank",
      status,
      detail,
      instance: path.split("?")[0],
    });
    expect(answer.status).toBe(status);
  });

  test("HTTP with a token: none, a wrong one, the right one", async () => {
    await host.writeConfig({ ...config, http: { port: 0, token: "s3cret-of-some-length" } });
    await eventually("the token is in force", async () => (await host.fetch("/topics")).status === 401);
    const ask = async (authorization: string) => {
      const answer = await host.fetch("/topics", { headers: { authorization } });
      return [answer.status, answer.headers.get("content-type")];
    };
    expect(await ask("Bearer wrong")).toEqual([401, "application/problem+json"]);
    expect(await ask("Basic s3cret-of-some-length")).toEqual([401, "application/problem+json"]);
    expect((await ask("Bearer s3cret-of-some-length"))[0]).toBe(200);
    await host.untilReady();
    expect(JSON.stringify(host.log())).not.toContain("s3cret-of-some-length");
  }, 240_000);
});
