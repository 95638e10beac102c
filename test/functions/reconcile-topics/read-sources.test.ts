import { describe, expect, test } from "bun:test";
import type { TopicOptions } from "../../../lib/rules/model/declaration.ts";
import { Secret, secretsOf } from "../../../lib/rules/secrets/secret.ts";
import { declaration } from "../../support/declarations.ts";
import { createWorld } from "../../support/reconcile-world.ts";
import { kafkaSettings, settings } from "../../support/settings.ts";
import { declare, etcd, settledWorld } from "../../support/settled-world.ts";

describe("a source that cannot be accepted", () => {
  test("the config file: its last good content stays, and etcd still counts", async () => {
    const world = await settledWorld();
    world.config = new Error("line 3: unknown key");
    world.etcd = { clusterId: "c1", revision: 11, keys: { "logs/1": [{ topic: "one" }] } };
    const { plan, sources } = await world.run();
    expect(world.running()).toEqual(["app", "one"]);
    expect(sources.config).toEqual({ ok: false, error: "line 3: unknown key", declarations: 1 });
    expect(plan.refused).toMatchObject([{ reason: "line 3: unknown key", lastGoodKept: true }]);
    expect((await world.run()).sources.config.declarations).toBe(1);
  });

  test("unreadable etcd: its last good content stays, however long", async () => {
    const world = await settledWorld();
    world.etcd = new Error("connection refused");
    for (let times = 0; times < 3; times += 1) {
      const { sources, plan } = await world.run();
      expect(world.running()).toEqual(["app", "one", "two"]);
      expect(sources.etcd).toEqual({ ok: false, error: "connection refused", declarations: 2, revision: 10 });
      expect(plan.refused).toMatchObject([{ reason: "connection refused", lastGoodKept: true }]);
    }
  });

  test("etcd unreadable from the start: the file's topics run", async () => {
    const world = createWorld([], ["app"]);
    declare(world, { etcd }, "app");
    world.etcd = new Error("connection refused");
    const { sources } = await world.run();
    expect(world.running()).toEqual(["app"]);
    expect(sources.etcd).toMatchObject({ ok: false, declarations: 0, revision: null });
  });

  test("a key removed from the list is absent, even if etcd cannot be read", async () => {
    const world = await settledWorld();
    world.etcd = new Error("connection refused");
    declare(world, { etcd: { ...etcd, keys: ["logs/2"] } }, "app");
    await world.run();
    expect(world.running()).toEqual(["app", "two"]);
  });

  test("one invalid key: its topics stay, the others change", async () => {
    const world = await settledWorld();
    world.etcd = { clusterId: "c1", revision: 11, keys: { "logs/1": "no JSON" } };
    const { plan, sources } = await world.run();
    expect(world.running()).toEqual(["app", "one"]);
    expect(plan.refused).toMatchObject([{ source: { name: "logs/1" }, lastGoodKept: true }]);
    expect(sources.etcd).toMatchObject({ ok: true, declarations: 1 });
  });

  test("an etcd that went back in time: its last good content stays, until somebody accepts it", async () => {
    const world = await settledWorld();
    world.etcd = { clusterId: "c1", revision: 9, keys: {} };
    const { sources } = await world.run();
    expect(world.running()).toEqual(["app", "one", "two"]);
    expect(sources.etcd?.error).toContain("accept=etcd");
    expect(sources.etcd).toMatchObject({ ok: false, revision: 10 });
    const accepted = await world.run({ acceptEtcd: true });
    expect(world.running()).toEqual(["app"]);
    expect(accepted.sources.etcd).toMatchObject({ ok: true, revision: 9 });
    expect((await world.run()).sources.etcd).toMatchObject({ ok: true });
  });
});

describe("a source that is only half written", () => {
  const entry = (name: string, at: number, options: Partial<TopicOptions> = {}) =>
    declaration(name, options, { entry: at });

  test("stops nothing, and truncated topics come back as they were", async () => {
    const names = Array.from({ length: 400 }, (_, at) => `t${at}`);
    const whole = names.map((name, at) => entry(name, at, { pipeline: `/${at}` }));
    const world = createWorld(whole, names);
    await world.run();
    const before = new Map(world.topics);
    for (const length of [40, 120, 200, 280, 360, 400]) {
      world.config = { settings: settings(), declarations: whole.slice(0, length), lastMayGoOn: true };
      const { plan, lookAgainMs } = await world.look();
      expect([plan.stop, plan.replace, plan.pending]).toEqual([[], [], []]);
      expect(lookAgainMs).toBe(1_000);
      world.now += 150;
    }
    await world.run();
    expect(world.topics).toEqual(before);
    expect(world.memory.declarations).toEqual(whole);
  });

  test("is believed once it was unchanged for a second; until then the reason is shown for topics still running", async () => {
    const world = createWorld([entry("a", 0), entry("b", 1)], ["a", "b", "c"]);
    await world.run();
    world.config = {
      settings: settings(),
      declarations: [entry("a", 0, { pipeline: "/new" }), entry("c", 1)],
    };
    const first = await world.look();
    expect([first.started, first.replaced, first.stopped]).toEqual([["c"], ["a"], []]);
    expect(first.plan.keep).toEqual([
      {
        topic: "b",
        reason:
          "config.yaml no longer declares it; the removal takes effect at 1970-01-01T00:16:41.000Z if the source stays unchanged until then",
      },
    ]);
    world.now += 999;
    expect((await world.look()).lookAgainMs).toBe(1);
    world.now += 1;
    expect((await world.look()).stopped).toEqual(["b"]);
  });

  test("is read again at once if the run itself took longer than the second", async () => {
    const world = createWorld([entry("a", 0), entry("b", 1)], ["a", "b"]);
    await world.run();
    world.onReplace = () => void (world.now += 5_000);
    world.config = { settings: settings(), declarations: [entry("a", 0, { pipeline: "/new" })] };
    expect(await world.look()).toMatchObject({ stopped: [], lookAgainMs: 0 });
    expect((await world.look()).stopped).toEqual(["b"]);
  });

  test("an incomplete entry neither starts nor changes a topic", async () => {
    const whole = [entry("a", 0, { index: "a-index" }), entry("b", 1, { index: "b-index" })];
    const world = createWorld(whole.slice(0, 1), ["a", "b"]);
    await world.run();
    for (const cut of [[entry("a", 0)], [...whole.slice(0, 1), entry("b", 1)]]) {
      world.config = { settings: settings(), declarations: cut, lastMayGoOn: true };
      const { plan } = await world.look();
      expect([plan.start, plan.replace, plan.stop]).toEqual([[], [], []]);
      world.now += 150;
    }
    world.config = { settings: settings(), declarations: whole, lastMayGoOn: true };
    expect((await world.run()).plan.start.map(({ spec }) => spec.index)).toEqual(["b-index"]);
  });

  test("a topic that an earlier pattern matches too stays with its own entry", async () => {
    const whole = [entry("a-*", 0), entry("a-1", 1, { index: "own" })];
    const world = createWorld(whole, ["a-1", "a-2"]);
    await world.run();
    world.config = { settings: settings(), declarations: whole.slice(0, 1) };
    expect((await world.look()).plan.replace).toEqual([]);
    expect((await world.run()).plan.replace.map(({ spec }) => spec.index)).toEqual(["a-1"]);
  });

  test("settings wait until the file is unchanged: missing ones would fall back to defaults", async () => {
    const world = await settledWorld();
    const { log, deadLetters } = settings({ log: { level: "debug" }, deadLetters: { topic: "dlq" } });
    declare(world, { etcd, log, deadLetters }, "app");
    await world.run();
    declare(world, {}, "app");
    world.onWait = () => void (world.config = new Error("cut in the middle of a word"));
    await world.look();
    expect(world.inForce).toMatchObject({ log, deadLetters, etcd });
    declare(world, { log }, "app");
    world.onWait = () => declare(world, { etcd, log, deadLetters }, "app");
    expect((await world.look()).lookAgainMs).toBe(1_000);
    world.onWait = () => {};
    await world.run();
    expect(world.inForce).toMatchObject({ log, deadLetters, etcd });
    expect(world.running()).toEqual(["app", "one", "two"]);
    declare(world, {}, "app");
    await world.run();
    expect(world.running()).toEqual(["app"]);
  });

  test("an etcd key deleted and put again within a second is a change", async () => {
    const world = await settledWorld();
    const keys = { "logs/1": [{ topic: "one" }], "logs/2": [{ topic: "two" }] };
    world.etcd = { clusterId: "c1", revision: 11, keys: { "logs/1": keys["logs/1"] } };
    const { plan, sources } = await world.look();
    expect(plan.keep).toMatchObject([
      { topic: "app", reason: null },
      { topic: "one", reason: null },
      { topic: "two", reason: expect.stringContaining('etcd key "logs/2" no longer declares it') },
    ]);
    expect(sources.etcd?.declarations).toBe(2);
    world.now += 900;
    world.etcd = {
      clusterId: "c1",
      revision: 12,
      keys: { ...keys, "logs/2": [{ topic: "two", pipeline: "/p" }] },
    };
    expect((await world.look()).replaced).toEqual(["two"]);
    world.now += 1_000;
    const later = await world.look();
    expect([later.stopped, later.lookAgainMs]).toEqual([[], null]);
  });

  test("a reviewed plan and an accepted etcd include removals", async () => {
    const world = await settledWorld();
    declare(world, { etcd });
    const { hash } = await world.look({ dryRun: true });
    expect((await world.look({ expectedHash: hash })).stopped).toEqual(["app"]);
    world.etcd = { clusterId: "c2", revision: 1, keys: {} };
    expect((await world.look({ acceptEtcd: true })).stopped).toEqual(["one", "two"]);
  });
});

describe("settings", () => {
  test("those that need a restart are refused visibly, and the rest of the file counts", async () => {
    const world = await settledWorld();
    const http = { ...settings().http, port: 9999, token: new Secret("new") };
    declare(world, { etcd, http, kafka: kafkaSettings({ group: "other" }) }, "app");
    const { plan, sources } = await world.run();
    expect(world.inForce.http).toMatchObject({ port: 8080 });
    expect(world.inForce.http.token?.reveal()).toBe("new");
    expect(world.inForce.kafka.group).toBe("penstock");
    expect(plan.refused.map(({ reason }) => reason)).toEqual([
      "http.port cannot change while running: 8080 is kept, 9999 needs a restart",
      'kafka.group cannot change while running: "penstock" is kept, "other" needs a restart',
    ]);
    expect(sources.config.ok).toBe(false);
    expect(plan.replace).toEqual([]);
    expect(world.running()).toEqual(["app", "one", "two"]);
  });

  test("of Kafka are probed, then applied for all topics, and none is replaced", async () => {
    const world = await settledWorld();
    declare(world, { etcd, kafka: kafkaSettings({ brokers: ["new:9092"] }) }, "app");
    await world.run();
    expect(world.inForce.kafka.brokers).toEqual(["new:9092"]);
    expect(world.replaced).toEqual([]);
  });

  test("a changed Kafka password alone is applied, and never shown", async () => {
    const world = await settledWorld();
    const rotate = async (password: string) => {
      const sasl = { mechanism: "plain", username: "u", password: new Secret(password) } as const;
      declare(world, { etcd, kafka: kafkaSettings({ sasl }) }, "app");
      return world.run();
    };
    await rotate("old");
    const result = await rotate("new");
    expect(world.inForce.kafka.sasl).toMatchObject({ mechanism: "plain" });
    expect(secretsOf(world.inForce.kafka)).toContain("new");
    expect(world.replaced).toEqual([]);
    expect(Bun.inspect(result, { depth: 20 })).toContain("(hidden)");
    expect(Bun.inspect(world.memory, { depth: 20 })).not.toMatch(/"(?:old|new)"/);
  });

  test("of Kafka or Elasticsearch that fail their probe leave the old ones, with a reason", async () => {
    const world = await settledWorld();
    const { elasticsearch } = settings();
    world.unreachable.add("dead:9092").add("http://dead:9200");
    const kafka = kafkaSettings({ brokers: ["dead:9092"] });
    declare(world, { etcd, kafka, elasticsearch: { ...elasticsearch, nodes: ["http://dead:9200"] } }, "app");
    const { sources, plan } = await world.look();
    expect(world.inForce.kafka.brokers).toEqual(["127.0.0.1:9092"]);
    expect(world.inForce.elasticsearch.nodes).toEqual(["http://127.0.0.1:9200"]);
    expect(plan.refused.map(({ reason }) => reason)).toEqual([
      "the new kafka settings do not work, so the old ones stay: dead:9092 does not answer",
      "the new elasticsearch settings do not work, so the old ones stay: http://dead:9200 does not answer",
    ]);
    expect(sources.config.ok).toBe(false);
    expect(world.running()).toEqual(["app", "one", "two"]);
    expect(world.replaced).toEqual([]);
    world.unreachable.clear();
    // A probe costs seconds in which no topic is served, so a trigger alone does not repeat it.
    const again = await world.look();
    expect(again).toMatchObject({ sources: { config: { ok: false } }, lookAgainMs: 4_000 });
    world.now += 4_000;
    expect(await world.look()).toMatchObject({ sources: { config: { ok: true } }, lookAgainMs: null });
    expect(world.inForce.elasticsearch.nodes).toEqual(["http://dead:9200"]);
  });

  test("that do not work are tried again soon at first, then every 30 s, and other ones at once", async () => {
    const world = await settledWorld();
    const wish = (broker: string) => {
      world.unreachable.add(broker);
      declare(world, { etcd, kafka: kafkaSettings({ brokers: [broker] }) }, "app");
    };
    wish("dead:9092");
    let { lookAgainMs } = await world.run();
    const waits = [lookAgainMs];
    for (let times = 0; times < 5; times += 1) {
      world.now += lookAgainMs ?? expect.unreachable();
      ({ lookAgainMs } = await world.look());
      waits.push(lookAgainMs);
    }
    expect(waits).toEqual([4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    wish("gone:9092");
    expect(await world.run()).toMatchObject({ lookAgainMs: 4_000 });
    // Nothing is due while the file cannot be read.
    world.config = new Error("not YAML");
    expect(await world.run()).toMatchObject({ lookAgainMs: null });
  });

  test("that cannot be applied are refused too, and topics still follow their declarations", async () => {
    const world = await settledWorld();
    world.settingsError = new Error("403 on the index template");
    const { elasticsearch } = settings();
    declare(world, { etcd, elasticsearch: { ...elasticsearch, nodes: ["http://new:9200"] } });
    const { sources, memory, lookAgainMs } = await world.run();
    expect(world.running()).toEqual(["one", "two"]);
    expect(sources.config).toMatchObject({ ok: false, error: expect.stringContaining("403") });
    expect(memory.settings.elasticsearch).toEqual(elasticsearch);
    expect(lookAgainMs).toBeWithin(4_000, 8_001);
    world.settingsError = null;
    await world.run();
    expect(world.inForce.elasticsearch.nodes).toEqual(["http://new:9200"]);
  });

  test("that move the dead letters to a declared topic stop its consumer, even if etcd cannot be read", async () => {
    const world = await settledWorld();
    world.etcd = new Error("connection refused");
    declare(world, { etcd, deadLetters: { topic: "one" } }, "app");
    await world.run();
    expect(world.running()).toEqual(["app", "two"]);
  });
});
