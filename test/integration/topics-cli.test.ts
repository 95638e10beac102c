import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Etcd3 } from "etcd3";
import { outputOf } from "../support/command.ts";
import { createEtcdServer, type EtcdServer } from "../support/etcd-server.ts";
import { useFolder } from "../support/folder.ts";

const COMMAND = join(import.meta.dir, "../../infra/cli/topics.ts");

const folder = useFolder();
let server: EtcdServer;
let admin: Etcd3;

beforeAll(async () => {
  server = await createEtcdServer();
  await server.start();
  admin = new Etcd3({ hosts: server.endpoint });
}, 240_000);

afterAll(async () => {
  admin.close();
  await server[Symbol.asyncDispose]();
});

/** A config file with these etcd keys; `extra` is appended. */
async function configWith(keys: readonly string[], extra = ""): Promise<string> {
  const file = join(folder, `${Bun.randomUUIDv7()}.yaml`);
  const etcd = `etcd: ${JSON.stringify({ endpoints: [server.endpoint], keys })}`;
  await Bun.write(
    file,
    `kafka: { brokers: ["127.0.0.1:9092"] }\nelasticsearch: { nodes: ["http://127.0.0.1:9200"] }\n${etcd}\n${extra}`,
  );
  return file;
}

/** Runs the command as its own process. */
const topics = (config: string, ...args: string[]) =>
  outputOf([process.execPath, COMMAND, ...args], { env: { ...process.env, PENSTOCK_CONFIG: config } });

async function valueOf(key: string): Promise<unknown> {
  return JSON.parse((await admin.get(key).string()) ?? "null");
}

describe("add", () => {
  test("writes to the first exact key, then replaces, then has nothing to do", async () => {
    const config = await configWith(["prefix/", "add-exact", "add-other"]);
    const added = await topics(config, "add", "golang_log", "--path", "/var/log/go.log");
    expect(added).toEqual({
      code: 0,
      error: "",
      out: expect.stringMatching(/^Added "golang_log" to etcd key "add-exact" \(revision \d+\)\.\n$/),
    });
    expect(await valueOf("add-exact")).toEqual([{ topic: "golang_log", path: "/var/log/go.log" }]);

    const flags = [
      "--index",
      "go-{yyyy.MM.dd}",
      "--start-at",
      "latest",
      "--format",
      "json",
      "--timestamp",
      "time",
      "--rejected",
      "flatten",
    ];
    const replaced = await topics(config, "add", "golang_log", ...flags, "--pipeline", "go", "--json");
    expect(JSON.parse(replaced.out)).toEqual({
      action: "replaced",
      topic: "golang_log",
      key: "add-exact",
      revision: expect.any(Number),
    });
    expect(await valueOf("add-exact")).toEqual([
      {
        topic: "golang_log",
        index: "go-{yyyy.MM.dd}",
        startAt: "latest",
        format: "json",
        timestamp: "time",
        pipeline: "go",
        rejected: "flatten",
      },
    ]);

    const again = await topics(config, "add", "golang_log", ...flags, "--pipeline", "go");
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining("Nothing to do") });
  }, 240_000);

  test("creates a key below the first prefix if no exact key is configured", async () => {
    const config = await configWith(["below/", "other/"]);
    expect(await topics(config, "add", "one")).toMatchObject({ code: 0 });
    expect(await valueOf("below/one")).toEqual([{ topic: "one" }]);
    expect(await topics(config, "add", "--pattern", "app-*", "--key", "other/apps")).toMatchObject({
      code: 0,
    });
    expect(await valueOf("other/apps")).toEqual([{ pattern: "app-*" }]);
    const unread = await topics(config, "add", "one", "--key", "nowhere/one");
    expect(unread).toMatchObject({ code: 1, out: "", error: expect.stringContaining("not in etcd.keys") });
    expect(await valueOf("nowhere/one")).toBeNull();
    const forced = await topics(config, "add", "one", "--key", "nowhere/one", "--force");
    expect(forced).toMatchObject({
      code: 0,
      error: expect.stringContaining("hosts with this file do not read it"),
    });
  }, 240_000);

  test("goes below a prefix that ends in *, which is no key itself; what a pattern excludes goes with it", async () => {
    const config = await configWith(["collect_log_*"]);
    const exclude = ["--exclude", "app-debug-*", "--exclude=app-?"];
    expect(await topics(config, "add", "--pattern", "app-*", ...exclude)).toMatchObject({
      code: 0,
      error: "",
    });
    expect(await valueOf("collect_log_app-*")).toEqual([
      { pattern: "app-*", exclude: ["app-debug-*", "app-?"] },
    ]);
    expect(await topics(config, "add", "web", "--key", "collect_log_*")).toMatchObject({
      code: 1,
      error: expect.stringContaining("--key collect_log_* is a prefix of etcd.keys"),
    });
    expect(await topics(config, "add", "--pattern", "web-?", "--exclude", "web-*")).toMatchObject({
      code: 0,
      error: 'Note: --exclude "web-*" leaves out every topic that "web-?" can match.\n',
    });
    expect(await topics(config, "add", "web", "--exclude", "web-*")).toMatchObject({
      code: 2,
      error: expect.stringContaining("--exclude needs --pattern"),
    });
    expect(await topics(config, "list")).toMatchObject({
      out: expect.stringContaining("pattern app-* but app-debug-*, app-?"),
    });
  }, 240_000);

  test("keeps invalid entries, and refuses a value that is no array", async () => {
    const config = await configWith(["strange", "object"]);
    await admin.put("strange").value('[{"topik": 1}, 7, 12345678901234567890]');
    await admin.put("object").value('{"topic": "a"}');
    expect(await topics(config, "add", "one")).toMatchObject({ code: 0 });
    expect(await admin.get("strange").string()).toBe(
      '[{"topik": 1}, 7, 12345678901234567890, {"topic":"one"}]',
    );
    const refused = await topics(config, "add", "one", "--key", "object");
    expect(refused).toMatchObject({ code: 1, out: "", error: expect.stringContaining("JSON array") });
    expect(await admin.get("object").string()).toBe('{"topic": "a"}');
  }, 240_000);

  test("validates the declaration like a host, and writes nothing invalid", async () => {
    const config = await configWith(["checked"]);
    const upper = await topics(config, "add", "UpperCase");
    expect(upper).toMatchObject({ code: 1, error: expect.stringContaining("declare an index") });
    const deadLetters = await topics(config, "add", "penstock.dead-letters");
    expect(deadLetters).toMatchObject({ code: 1, error: expect.stringContaining("penstock.dead-letters") });
    expect(await admin.get("checked").string()).toBeNull();
  }, 240_000);

  test("by 20 processes at once loses no entry", async () => {
    const config = await configWith(["contended"]);
    const names = Array.from({ length: 20 }, (_, n) => `topic-${String(n).padStart(2, "0")}`);
    // So many may keep each other from hearing etcd in time: who tries again loses nothing either.
    const add = async (name: string): ReturnType<typeof topics> => {
      const ended = await topics(config, "add", name);
      return ended.error.includes("did not answer within") ? add(name) : ended;
    };
    const runs = await Promise.all(names.map(add));
    expect(runs.map(({ code, error }) => ({ code, error }))).toEqual(
      names.map(() => ({ code: 0, error: "" })),
    );
    const entries = await valueOf("contended");
    expect(entries).toBeArrayOfSize(20);
    expect(entries).toEqual(expect.arrayContaining(names.map((topic) => ({ topic }))));
  }, 360_000);
});

describe("remove", () => {
  test("finds the key that declares the topic, and asks if there are several", async () => {
    const config = await configWith(["remove-exact", "remove/"]);
    await admin.put("remove-exact").value('["both", "left"]');
    await admin.put("remove/x").value('["both", {"topic": "only"}]');

    expect(await topics(config, "remove", "only")).toMatchObject({
      code: 0,
      out: expect.stringContaining('Removed "only" from etcd key "remove/x"'),
    });
    const several = await topics(config, "remove", "both");
    expect(several).toMatchObject({ code: 1, error: expect.stringContaining("remove-exact, remove/x") });
    expect(await topics(config, "remove", "both", "--key", "remove/x")).toMatchObject({ code: 0 });
    expect(await valueOf("remove/x")).toEqual([]);
    expect(await valueOf("remove-exact")).toEqual(["both", "left"]);
    expect(await topics(config, "remove", "nowhere")).toMatchObject({
      code: 1,
      error: 'no etcd key declares "nowhere"\n',
    });
  }, 240_000);
});

test("list shows the declarations of the file and etcd, with source and revision, and the refused ones", async () => {
  const config = await configWith(["list-key"], "topics: [from_file]\n");
  const { header } = await admin.put("list-key").value('["from_etcd", {"topic": 1}]');

  const json = await topics(config, "list", "--json");
  // No Kafka listens at the config's address.
  expect(json).toMatchObject({
    code: 0,
    error: expect.stringMatching(/^Note: orders unknown: Kafka did not answer within 2 s\n$/),
  });
  expect(JSON.parse(json.out)).toMatchObject({
    topics: [
      { topic: "from_file", heldBy: null, source: { kind: "config", name: config } },
      {
        topic: "from_etcd",
        source: { kind: "etcd", name: "list-key", revision: Number(header.revision), entry: 0 },
      },
    ],
    refused: [{ source: { name: "list-key", entry: 1 } }],
  });
  const human = await topics(config, "list");
  expect(human.out).toContain(`etcd key "list-key" (revision ${header.revision})`);
  expect(human.out).toContain("refused: ");

  await admin
    .put("list-key")
    .value('[{"topic": "from_file", "format": "json"}, {"topic": "other", "service": "pay"}]');
  const both = await topics(config, "list");
  expect(both.out).toMatch(/from_file .*etcd key "list-key" \(revision \d+\), overridden by .*\.yaml\n/);
  expect(both.out).toMatch(/other .*, ignored there: service\n/);
}, 240_000);

describe("exit codes", () => {
  test.each([
    [2, ["add"]],
    [2, ["add", "a", "b"]],
    [2, ["add", "a", "--format", "xml"]],
    [2, ["add", "a", "--unknown"]],
    [2, ["add", "bad name!"]],
    [2, ["add", "--pattern", "bad name!"]],
    [1, ["remove", "bad name!"]],
    [2, ["frobnicate"]],
    [2, []],
    [0, ["--help"]],
    [78, ["list", "--config", "/nowhere/config.yaml"]],
  ])("%d for %j", async (code, args) => {
    expect(await topics(await configWith(["codes"]), ...args)).toMatchObject({ code });
  });

  test("1 with a clear sentence if etcd is down", async () => {
    const config = await configWith(["codes"]);
    await Bun.write(config, (await Bun.file(config).text()).replace(server.endpoint, "http://127.0.0.1:1"));
    const { code, error } = await topics(config, "add", "a");
    expect(code).toBe(1);
    expect(error).toContain("etcd at http://127.0.0.1:1 is not available");
    await Bun.write(config, `${await Bun.file(config).text()}topics: [from_file]\n`);
    const list = await topics(config, "list");
    expect(list).toMatchObject({ code: 1, out: expect.stringContaining("from_file") });
    expect(list.error).toEndWith(`only the config file, because etcd cannot be read:\n${error}`);
  });
});
