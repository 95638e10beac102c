import { describe, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import { diagnosed, diagnosedOnce, runDoctor } from "../support/doctor-command.ts";
import { createEtcdServer, freePort } from "../support/etcd-server.ts";
import { expectQuick } from "../support/expect-quick.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

/** On an unused port. */
async function configWith(changes: object = {}) {
  return { http: { port: await freePort() }, ...servers.config, ...changes };
}

async function topicWithRecord(config?: Readonly<Record<string, string>>): Promise<string> {
  const topic = uniqueName("doctor");
  await servers.kafka.createTopic(topic, 1, config);
  await servers.kafka.produce(topic, [{ value: "a line" }]);
  return topic;
}

const put = (path: string, body: object) => servers.elasticsearch.demand("PUT", path, body);

test("if all is well it finds nothing, exits 0, and leaves nothing behind", async () => {
  const [topic, other, pipeline, key] = [
    await topicWithRecord(),
    await topicWithRecord(),
    uniqueName("pipeline"),
    uniqueName("doctor"),
  ];
  await put(`/_ingest/pipeline/${pipeline}`, { processors: [] });
  await put(`/${other}-1`, { aliases: { [other]: {} } });
  await servers.etcd.put(key).value(JSON.stringify([{ topic: other, pipeline }]));
  const config = await configWith({
    topics: [{ topic, index: `${topic}-{yyyy.MM.dd}` }],
    etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
  });
  const { code, troubles, find } = await diagnosed(config);
  expect({ code, troubles }).toEqual({ code: 0, troubles: [] });
  expect(find("topics")?.seen).toContain("2 topics found");
  expect(find("reading")?.seen).toMatch(/^read a record of /);
  expect(find(`target ${other}`)?.seen).toStartWith("an alias that accepts documents: 1 index, ");
  expect(find("pipelines")?.seen).toBe(`exist: ${pipeline}`);

  const { admin } = servers.kafka;
  const { groups } = await admin.listGroups();
  const { group } = servers.config.kafka;
  expect(groups.filter(({ groupId }) => groupId.startsWith(group))).toEqual([]);
  expect(await admin.listTopics()).not.toContain(servers.config.deadLetters.topic);
}, 240_000);

test("an index of others that misses a shard is no fault; one that a topic writes to is", async () => {
  const [topic, theirs] = [await topicWithRecord(), uniqueName("theirs")];
  await put(`/${theirs}?wait_for_active_shards=0`, {
    settings: { "index.routing.allocation.require._name": "nobody" },
  });
  try {
    const beside = await diagnosed(await configWith({ topics: [topic] }));
    expect([beside.code, beside.find("health")?.state]).toEqual([0, "warning"]);
    const written = await diagnosed(await configWith({ topics: [{ topic, index: theirs }] }));
    expect([written.code, written.find("health")]).toEqual([
      1,
      expect.objectContaining({
        state: "failed",
        seen: `red: a primary shard of ${theirs} is not assigned`,
      }) as never,
    ]);
  } finally {
    await servers.elasticsearch.request("DELETE", `/${theirs}`);
  }
}, 240_000);

test("all faults are named at once, with remedies", async () => {
  const [blocked, alias, short, key] = [
    await topicWithRecord(),
    await topicWithRecord(),
    await topicWithRecord({ "retention.ms": "3600000" }),
    uniqueName("doctor"),
  ];
  const missing = uniqueName("missing");
  await put(`/${blocked}`, { settings: { "index.blocks.write": true } });
  await put(`/${alias}-1`, { aliases: { [alias]: {} } });
  await put(`/${alias}-2`, { aliases: { [alias]: {} } });
  await servers.etcd
    .put(key)
    .value(JSON.stringify([{ topic: short, format: "json" }, { topik: "a" }, missing]));
  const deadLetters = uniqueName("dead");
  await servers.kafka.createTopic(deadLetters, 1, { "retention.ms": "86400000" });
  const config = await configWith({
    deadLetters: { topic: deadLetters },
    topics: [
      blocked,
      { topic: alias, pipeline: "doctor-no-such-pipeline" },
      short,
      { pattern: "doctor-none-*" },
    ],
    etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key, "doctor-absent-key"] },
  });
  const { code, troubles } = await diagnosed(config);
  expect(code).toBe(1);
  const found = troubles.map(({ name, state, seen }) => ({ name, state, seen }));
  const text = (part: string): string => expect.stringContaining(part);
  const wanted = [
    { name: `topic ${missing}`, state: "warning", seen: text("does not exist in Kafka") },
    { name: `retention of ${short}`, state: "warning", seen: text("deleted after 1 hour") },
    { name: `dead-letter topic ${deadLetters}`, state: "warning", seen: text("retention.ms 86400000") },
    { name: `target ${blocked}`, state: "failed", seen: text("index.blocks.write") },
    { name: `target ${alias}`, state: "failed", seen: text("without a write index") },
    { name: "pipeline doctor-no-such-pipeline", state: "failed", seen: text(`declared for ${alias}`) },
    { name: "key doctor-absent-key", state: "warning", seen: text("counts as empty") },
    { name: `entry of etcd key "${key}"`, state: "failed", seen: text("topik") },
    { name: `topic ${short}`, state: "warning", seen: text("declared twice, differently (format)") },
    { name: "pattern doctor-none-*", state: "warning", seen: text("matches no topic") },
  ];
  expect(found).toEqual(expect.arrayContaining(wanted));
  expect(found).toHaveLength(wanted.length);
  expect(troubles.every(({ remedy }) => remedy !== null && remedy !== "")).toBe(true);
}, 240_000);

describe("an unreachable server", () => {
  const nowhere = "127.0.0.1:1";
  const etcd = () => ({ endpoints: servers.addresses.etcdEndpoints, keys: ["doctor-absent-key"] });

  test.each([
    ["kafka", () => ({ kafka: { brokers: [nowhere] }, etcd: etcd() })],
    ["elasticsearch", () => ({ elasticsearch: { nodes: [`http://${nowhere}`] }, etcd: etcd() })],
    ["etcd", () => ({ etcd: { ...etcd(), endpoints: [`http://${nowhere}`] } })],
  ] as const)(
    "%s fails, what depends on it is skipped, the others are looked at",
    async (area, changes) => {
      const topic = await topicWithRecord();
      const { code, checks } = await diagnosed(await configWith({ ...changes(), topics: [topic] }));
      expect(code).toBe(1);
      const failed = checks.filter(({ state }) => state === "failed");
      expect(failed).toMatchObject([{ area, seen: expect.stringMatching(/ECONNREFUSED/) }]);
      expect(checks.filter(({ state }) => state === "skipped").map((check) => check.area)).toEqual([area]);
      for (const other of ["kafka", "elasticsearch", "etcd"].filter((name) => name !== area)) {
        expect(checks.filter((check) => check.area === other).map(({ state }) => state)).toContain("ok");
      }
    },
    240_000,
  );
});

test("servers that accept and never answer: each times out, and the process ends", async () => {
  const holes = [1, 2, 3].map(() => Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }));
  try {
    const [kafka, elasticsearch, etcd] = holes.map(({ port }) => `127.0.0.1:${port}`);
    const config = await configWith({
      kafka: { brokers: [kafka] },
      elasticsearch: { nodes: [`http://${elasticsearch}`] },
      etcd: { endpoints: [`http://${etcd}`], keys: ["any"] },
    });
    // All at once, 10 s each; a busy machine takes its time to start the process.
    await expectQuick(28_000, async () => {
      const startedAt = performance.now();
      const { code, checks } = await diagnosedOnce(config);
      const tookMs = performance.now() - startedAt;
      expect(code).toBe(1);
      expect(checks.filter(({ state }) => state === "failed").map(({ area }) => area)).toEqual([
        "kafka",
        "elasticsearch",
        "etcd",
      ]);
      return tookMs;
    });
  } finally {
    for (const hole of holes) hole.stop(true);
  }
}, 360_000);

test("an etcd with users: the login and each key separately, without a password in the output", async () => {
  await using guarded = await createEtcdServer();
  await guarded.start();
  const root = { username: "root", password: "root-password" };
  const reader = { username: "reader", password: "reader-password" };
  const setup = new Etcd3({ hosts: guarded.endpoint });
  try {
    for (const { username, password } of [root, reader])
      await setup.auth.userAdd({ name: username, password });
    await setup.role("root").create();
    await setup.user("root").addRole("root");
    await setup.role("readers").create();
    await setup.role("readers").grant({ permission: "Read", range: setup.range({ prefix: "open/" }) });
    await setup.user("reader").addRole("readers");
    await setup.auth.authEnable();
  } finally {
    setup.close();
  }
  const etcd = { endpoints: [guarded.endpoint], keys: ["open/", "closed/"], auth: reader };
  const [allowed, denied] = await Promise.all([
    diagnosed(await configWith({ etcd })),
    diagnosed(await configWith({ etcd: { ...etcd, auth: { ...reader, password: "wrong-password" } } })),
  ]);
  expect(allowed.find("key open/")?.state).toBe("ok");
  expect(allowed.find("key closed/")).toMatchObject({
    state: "failed",
    seen: expect.stringContaining("permission denied"),
    remedy: "grant the user of etcd.auth read on it",
  });
  expect(denied.find("key open/")).toMatchObject({
    state: "failed",
    remedy: expect.stringContaining("etcd.auth"),
  });
  for (const { out, error, code } of [allowed, denied]) {
    expect(code).toBe(1);
    expect(`${out}${error}`).not.toMatch(/reader-password|wrong-password/);
  }
}, 240_000);

test("our own host on the port is fine, and its group is in use", async () => {
  const topic = await topicWithRecord();
  const config = await configWith({ topics: [topic] });
  await using host = await startTestHost(config);
  await host.untilTopic(topic, "runs", ({ state }) => state === "running");
  const { code, find } = await diagnosed({ ...config, http: { port: Number(new URL(host.url).port) } });
  expect(find("http ")?.seen).toBe("a Penstock host answers there");
  expect(find("group ")?.seen).toBe("can be used; 1 host running");
  expect(code).toBe(0);
}, 240_000);

describe("the command", () => {
  test("names each fault of the config file with its place, and exits 78", async () => {
    const { code, find, checks } = await diagnosed({ kafka: { brokrs: ["127.0.0.1:9092"] } });
    expect(code).toBe(78);
    expect(checks.filter(({ state }) => state === "failed").map(({ seen }) => seen)).toContainEqual(
      expect.stringMatching(/config\.yaml:2:3 kafka\.brokrs: .*did you mean "brokers"/),
    );
    expect(find("all")?.state).toBe("skipped");
  });

  test("prints text without control characters, and reports wrong usage", async () => {
    const [text, wrong] = await Promise.all([runDoctor({}), runDoctor({}, "--jsn")]);
    expect(text.code).toBe(78);
    expect(text.out).toStartWith("Config\n  ✕ failed ");
    expect(text.out).not.toContain("\u001B");
    expect(text.error).toBe("");
    expect(wrong).toMatchObject({ code: 2, out: "", error: expect.stringContaining("--json") });
  });
});
