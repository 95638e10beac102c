import { describe, expect, test } from "bun:test";
import { mkdir, open, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { writeConfigMap } from "../support/config-map.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import {
  changesIn,
  disturbedIn,
  expectEachOffsetOnce,
  expectSameMembers,
  memberIds,
  reconcile,
  untilGone,
  untilReady,
  untilRunning,
} from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";
import { produceSteadily } from "../support/steady-producer.ts";

type Entry = { readonly topic: string } & Readonly<Record<string, unknown>>;

/** A way to declare topics, beside a constant topic in the config file. */
interface Way {
  /** Makes exactly these the declarations of this way. */
  declare(entries: readonly Entry[]): Promise<void>;
}

const servers = useStack();

describe("topics come, change and go while another one keeps running, declared through", () => {
  const inFile = (steady: string, entries: readonly Entry[]): string =>
    stringify({ http: { port: 0 }, ...servers.config, topics: [steady, ...entries] });

  test.each<[string, (host: TestHost, steady: string, key: string) => Promise<Way>]>([
    [
      "an exact etcd key",
      async (_host, _steady, key) => ({
        declare: async (entries) => void (await servers.etcd.put(key).value(JSON.stringify(entries))),
      }),
    ],
    [
      "keys below an etcd prefix",
      async (_host, _steady, key) => ({
        async declare(entries) {
          if (entries.length === 0) await servers.etcd.delete().key(`${key}/below`);
          else await servers.etcd.put(`${key}/below`).value(JSON.stringify(entries));
        },
      }),
    ],
    [
      "the config file, written in place",
      async (host, steady) => ({ declare: (entries) => writeFile(host.configPath, inFile(steady, entries)) }),
    ],
    [
      "the config file, replaced by a rename",
      async (host, steady) => ({
        async declare(entries) {
          await writeFile(join(host.folder, "next.yaml"), inFile(steady, entries));
          await rename(join(host.folder, "next.yaml"), host.configPath);
        },
      }),
    ],
    [
      "a Kubernetes volume, its ..data link swapped",
      async (host, steady) => {
        const declare = (entries: readonly Entry[]): Promise<void> =>
          writeConfigMap(host.folder, "config.yaml", inFile(steady, entries));
        await declare([]);
        return { declare };
      },
    ],
    [
      "the command topics add and remove",
      async (host) => {
        const run = async (...args: string[]): Promise<void> => {
          const command = Bun.spawn([process.execPath, "infra/cli/topics.ts", ...args], {
            cwd: join(import.meta.dir, "../.."),
            env: { ...process.env, PENSTOCK_CONFIG: host.configPath },
            stdout: "ignore",
            stderr: "inherit",
          });
          expect(await command.exited).toBe(0);
        };
        let declared: readonly Entry[] = [];
        return {
          async declare(entries) {
            for (const { topic, path } of entries)
              await run("add", topic, ...(typeof path === "string" ? ["--path", path] : []));
            for (const { topic } of declared)
              if (!entries.some((entry) => entry.topic === topic)) await run("remove", topic);
            declared = entries;
          },
        };
      },
    ],
  ])(
    "%s",
    async (_name, open) => {
      const [steady, topic, key] = [uniqueName("steady"), uniqueName("reloaded"), uniqueName("key")];
      await servers.kafka.createTopic(steady, 2);
      await servers.kafka.createTopic(topic, 2);
      await using host = await startTestHost({
        ...servers.config,
        etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key, `${key}/`] },
        topics: [steady],
      });
      const producer = produceSteadily(servers.kafka, steady);
      await untilRunning(host, steady);
      const members = await memberIds(servers);
      const way = await open(host, steady, key);

      await servers.kafka.produce(topic, [{ value: "before" }]);
      await way.declare([{ topic }]);
      await host.untilIndexed(topic, 1);

      await way.declare([{ topic, path: "/changed.log" }]);
      await host.untilTopic(
        topic,
        "runs as changed",
        ({ state, spec }) => state === "running" && spec.path === "/changed.log",
      );
      await servers.kafka.produce(topic, [{ value: "after" }]);
      await host.untilIndexed(topic, 2);
      const documents = await servers.elasticsearch.documents(topic);
      const pathOf = (message: string): unknown =>
        documents.find(({ _source }) => _source["message"] === message)?._source["log"];
      expect([pathOf("before"), pathOf("after")]).toEqual([undefined, { file: { path: "/changed.log" } }]);

      await way.declare([]);
      await untilGone(host, topic);
      await servers.kafka.produce(topic, [{ value: "while it was not declared" }]);
      await way.declare([{ topic }]);
      await host.untilIndexed(topic, 1);

      await producer.stop();
      await expectEachOffsetOnce(servers, [steady], steady);
      await expectEachOffsetOnce(servers, [topic], topic);
      await expectSameMembers(servers, members, host);
      expect(disturbedIn(host)).not.toContain(steady);
    },
    360_000,
  );
});

test("a missing config file keeps its last content in use, and readyz says so", async () => {
  const topic = uniqueName("gone");
  await servers.kafka.createTopic(topic, 1);
  const config = { ...servers.config, topics: [topic] };
  await using host = await startTestHost(config);
  await untilRunning(host, topic);
  await untilReady(host, true, "config");

  await rm(host.configPath);
  expect(await untilReady(host, false, "config")).toContain(host.configPath);
  await servers.kafka.produce(topic, [{ value: "one" }]);
  await host.untilIndexed(topic, 1);
  const { plan, sources } = await reconcile(host);
  expect(sources.config).toMatchObject({ ok: false, declarations: 1 });
  expect(plan.refused).toMatchObject([{ lastGoodKept: true }]);

  await host.writeConfig(config);
  expect(await untilReady(host, true, "config")).toBeNull();
  expect(disturbedIn(host)).toEqual([]);
}, 240_000);

test("a config file written piece by piece stops nothing, and neither does a key that is rewritten", async () => {
  const [topic, inEtcd] = [uniqueName("pieces"), uniqueName("pieces")];
  for (const name of [topic, inEtcd]) await servers.kafka.createTopic(name, 1);
  // They are not in Kafka, but a stop would still be in the log.
  const others = Array.from({ length: 400 }, (_, at) => ({
    topic: `${topic}-${at}`,
    path: `/var/log/${at}.log`,
  }));
  /** @returns what was stopped and replaced; null if a piece came so late that a host may believe what is there */
  const rewrite = async () => {
    const key = uniqueName("key");
    const put = (format: string) => servers.etcd.put(key).value(JSON.stringify([{ topic: inEtcd, format }]));
    await put("text");
    const text = stringify({
      http: { port: 0 },
      ...servers.config,
      kafka: { ...servers.config.kafka, group: key },
      etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
      topics: [...others, { topic, path: "/log", index: `${topic}-index` }],
    });
    await using host = await startTestHost(text);
    await untilRunning(host, topic, inEtcd);
    await host.untilTopic(`${topic}-399`, "waits", ({ state }) => state === "pending");

    let lastMs = performance.now();
    let longestMs = 0;
    const change = async <T>(act: () => Promise<T>): Promise<T> => {
      const begunMs = performance.now();
      const done = await act();
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = begunMs;
      return done;
    };
    const file = await change(() => open(host.configPath, "w"));
    for (let at = 0; at < text.length; at += 8_192) {
      await change(() => file.write(text.slice(at, at + 8_192)));
      await Bun.sleep(150);
    }
    await file.close();
    await change(async () => servers.etcd.delete().key(key));
    await change(async () => put("json"));
    if (longestMs >= 1_000) return null;
    await host.untilTopic(
      inEtcd,
      "runs as changed",
      ({ state, spec }) => state === "running" && spec.format === "json",
    );
    // Only a deliberate stop proves that there was none before it.
    await servers.etcd.delete().key(key);
    await untilGone(host, inEtcd);
    await eventually("the log has stops", () => changesIn(host).some(({ stop }) => stop.length > 0));
    // A slow one is in the next plan too.
    const namesOf = (what: "stop" | "replace") => [
      ...new Set(changesIn(host).flatMap((changes) => changes[what])),
    ];
    return { stopped: namesOf("stop"), replaced: namesOf("replace") };
  };
  expect(await eventually("it is written as quickly as programs do", rewrite)).toEqual({
    stopped: [inEtcd],
    replaced: [inEtcd],
  });
}, 480_000);

test("exact goes before pattern, file before etcd, keys as listed; the loser is shown as a conflict", async () => {
  const [run, first, second] = [uniqueName("order"), uniqueName("key"), uniqueName("key")];
  const [inFile, inKeys, byPattern, agreed] = ["file", "keys", "pattern", "agreed"].map(
    (name) => `${run}-${name}`,
  );
  for (const topic of [inFile, inKeys, byPattern, agreed]) await servers.kafka.createTopic(topic ?? "", 1);
  await servers.etcd.put(first).value(
    JSON.stringify([
      { topic: inFile, pipeline: "first" },
      { topic: inKeys, pipeline: "first" },
      { topic: agreed, pipeline: "pattern" },
    ]),
  );
  await servers.etcd.put(second).value(JSON.stringify([{ topic: inKeys, pipeline: "second" }]));
  await using host = await startTestHost({
    ...servers.config,
    etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [first, second] },
    topics: [
      { topic: inFile, pipeline: "file" },
      { pattern: `${run}-*`, pipeline: "pattern" },
    ],
  });
  await untilRunning(host, inFile ?? "", inKeys ?? "", byPattern ?? "", agreed ?? "");

  const pipelines = new Map((await host.topics()).map(({ topic, spec }) => [topic, spec.pipeline]));
  expect(Object.fromEntries(pipelines)).toEqual({
    [`${run}-file`]: "file",
    [`${run}-keys`]: "first",
    [`${run}-pattern`]: "pattern",
    [`${run}-agreed`]: "pattern",
  });
  const file = { kind: "config", name: host.configPath, revision: null };
  const key = (name: string, entry: number) => ({ kind: "etcd", name, entry });
  const loses = (winner: string, loser: string) => [{ field: "pipeline", from: winner, to: loser }];
  const { conflicts } = await reconcile(host);
  expect(conflicts).toHaveLength(4);
  expect(conflicts).toMatchObject([
    { topic: inFile, winner: file, loser: key(first, 0), differs: loses("file", "first") },
    { topic: inKeys, winner: key(first, 1), loser: key(second, 0), differs: loses("first", "second") },
    { topic: inFile, winner: file, loser: file, differs: loses("file", "pattern") },
    { topic: inKeys, winner: key(first, 1), loser: file, differs: loses("first", "pattern") },
  ]);
}, 240_000);

test("a changed index drains first: earlier records in the old, later ones in the new, every offset once", async () => {
  const [topic, key] = [uniqueName("moved"), uniqueName("key")];
  const [before, after] = [`${topic}-before`, `${topic}-after`];
  await servers.kafka.createTopic(topic, 3);
  const declare = async (index: string): Promise<unknown> =>
    servers.etcd.put(key).value(JSON.stringify([{ topic, index }]));
  await declare(before);
  await using host = await startTestHost({
    ...servers.config,
    etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
  });
  const producer = produceSteadily(servers.kafka, topic);
  await host.untilTopic(topic, "is under way", ({ counts }) => counts.indexed > 500);
  await declare(after);
  await eventually(
    "documents come to the new index",
    async () => (await servers.elasticsearch.count(after)) > 500,
  );
  await producer.stop();

  const positions = await expectEachOffsetOnce(servers, [topic], `${before},${after}`);
  for (const partition of [0, 1, 2]) {
    const offsets = (index: string): number[] =>
      positions.filter((at) => at.index === index && at.partition === partition).map(({ offset }) => offset);
    expect(Math.max(...offsets(before))).toBeLessThan(Math.min(...offsets(after)));
  }
}, 240_000);

test("a dry run reports the changes, and makes none of them", async () => {
  const topics = Array.from({ length: 10 }, () => uniqueName("dry"));
  for (const topic of topics) await servers.kafka.createTopic(topic, 1);
  const config = (upTo: number): string =>
    stringify({ http: { port: 0 }, ...servers.config, topics: topics.slice(0, upTo) });
  await using host = await startTestHost(config(1));
  await untilRunning(host, topics[0] ?? "");
  // A link to another folder: changes are found by polling, so a question right after one comes before the host acts.
  const elsewhere = join(host.folder, "elsewhere");
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, "config.yaml"), config(1));
  await symlink(join(elsewhere, "config.yaml"), join(host.folder, "link"));
  await rename(join(host.folder, "link"), host.configPath);

  let declared = 1;
  const planned = await eventually("a dry run comes before the poll", async () => {
    declared += 1;
    await writeFile(join(elsewhere, "config.yaml"), config(declared));
    const { dryRun, plan } = await reconcile(host, "?dryRun=true");
    expect(dryRun).toBe(true);
    return plan.start.length === 1 ? plan.start : null;
  });
  const added = topics[declared - 1] ?? "";
  expect(planned).toMatchObject([{ topic: added }]);
  await untilRunning(host, added);
  const { reasons } = await eventually("the log says why", () =>
    changesIn(host).find(({ start }) => start.includes(added)),
  );
  // The run that the poll triggers may find the file still too fresh to be believed: the next one then carries it out.
  // A resync that is due at that moment may come before the poll.
  expect(["the config file changed", "a source or a setting is due again", "resync"]).toContain(
    reasons[0] ?? "",
  );
}, 240_000);
