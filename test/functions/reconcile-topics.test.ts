import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { ReconcileResult } from "../../functions/reconcile-topics.ts";
import { declaration } from "../support/declarations.ts";
import { createWorld, type World } from "../support/reconcile-world.ts";
import { kafkaSettings, settings } from "../support/settings.ts";
import { declare, etcd, settledWorld } from "../support/settled-world.ts";
import { Secret } from "../../lib/rules/secrets/secret.ts";
import { rounds } from "../support/rounds.ts";

describe("starting and stopping", () => {
  test("declared topics run, with their specification and an ensured index template", async () => {
    const world = createWorld(
      [declaration("app", { index: "app-{yyyy.MM.dd}", startAt: "latest" })],
      ["app"],
    );
    const { plan, failed, interrupted, kafka, sources } = await world.run();
    expect(world.topics.get("app")).toMatchObject({
      state: "running",
      spec: { index: "app-{yyyy.MM.dd}" },
      order: { startAt: "latest" },
    });
    expect(world.templates).toEqual(new Set(["app-*"]));
    expect(plan.start.map(({ topic }) => topic)).toEqual(["app"]);
    expect({ failed, interrupted, kafka, sources }).toEqual({
      failed: [],
      interrupted: false,
      kafka: { ok: true, error: null },
      sources: { config: { ok: true, error: null, declarations: 1 }, etcd: null },
    });
  });

  test("a removed entry or key stops its topic, and no other", async () => {
    const world = await settledWorld();
    world.etcd = { clusterId: "c1", revision: 11, keys: { "logs/1": [] } };
    await world.run();
    expect(world.running()).toEqual(["app"]);
    declare(world, { etcd });
    await world.run();
    expect([...world.topics.keys()]).toEqual([]);
  });

  test("removing etcd from the config file removes its topics", async () => {
    const world = await settledWorld();
    declare(world, {}, "app");
    const { sources } = await world.run();
    expect(world.running()).toEqual(["app"]);
    expect(sources.etcd).toBeNull();
  });

  test("running twice equals running once, whatever is declared", async () => {
    const name = fc.constantFrom("a-1", "a-2", "b", "missing", "a-*", "?");
    await fc.assert(
      fc.asyncProperty(fc.array(name), fc.array(name), async (before, after) => {
        const world = createWorld([], ["a-1", "a-2", "b"]);
        for (const names of [before, after]) {
          world.config = {
            settings: settings(),
            declarations: names.map((name, entry) => declaration(name, { pipeline: `p${entry}` }, { entry })),
          };
          await world.run();
        }
        const once = new Map(world.topics);
        const { plan } = await world.run();
        expect(world.topics).toEqual(once);
        expect([plan.start, plan.stop, plan.replace]).toEqual([[], [], []]);
      }),
      { numRuns: rounds(50, 15) },
    );
  });

  test("a dry run plans everything and changes nothing", async () => {
    const world = await settledWorld();
    const before = { topics: new Map(world.topics), inForce: world.inForce, memory: world.memory };
    const http = { ...settings().http, token: new Secret("t") };
    declare(world, { http }, "new", "missing");
    world.kafka = new Set(["new"]);
    const { plan } = await world.run({ dryRun: true });
    expect(plan.start.map(({ topic }) => topic)).toEqual(["new"]);
    expect(plan.stop.map(({ topic }) => topic)).toEqual(["app", "one", "two"]);
    expect(plan.pending.map(({ topic }) => topic)).toEqual(["missing"]);
    expect({ topics: world.topics, inForce: world.inForce, memory: world.memory }).toEqual(before);
    expect(world.templates).toEqual(new Set(["app", "one", "two"]));
  });
});

describe("while Kafka does not answer", () => {
  test("no declared topic stops, none starts, and patterns keep their topics", async () => {
    const world = createWorld([declaration("a-*"), declaration("b")], ["a-1", "a-2", "b"]);
    await world.run();
    world.kafka = new Error("no broker");
    world.config = {
      settings: settings(),
      declarations: [declaration("a-*"), declaration("b", { pipeline: "new" }), declaration("new")],
    };
    const { kafka, plan } = await world.run();
    expect(kafka).toEqual({ ok: false, error: "no broker" });
    expect(world.running()).toEqual(["a-1", "a-2", "b"]);
    expect(world.topics.get("new")?.state).toBe("pending");
    expect([plan.start, plan.stop, plan.replace]).toEqual([[], [], []]);
    world.kafka = new Set(["a-1", "a-2", "b", "new"]);
    await world.run();
    expect(world.running()).toEqual(["a-1", "a-2", "b", "new"]);
    expect(world.replaced).toEqual(["b"]);
  });

  test("a topic that was not seen missing keeps its startAt", async () => {
    const world = createWorld([declaration("app", { startAt: "latest" })], []);
    world.kafka = new Error("no broker");
    await world.run();
    world.kafka = new Set(["app"]);
    await world.run();
    expect(world.topics.get("app")?.order?.startAt).toBe("latest");
  });
});

describe("a topic that is missing in Kafka", () => {
  test("is pending, and starts at earliest once it exists, whatever startAt says", async () => {
    const world = createWorld([declaration("app", { startAt: "latest" })], []);
    await world.run();
    expect(world.topics.get("app")).toMatchObject({
      state: "pending",
      reason: expect.stringContaining("exist"),
    });
    world.kafka = new Set(["app"]);
    await world.run();
    expect(world.topics.get("app")).toMatchObject({ state: "running", order: { startAt: "earliest" } });
  });

  test("keeps its startAt if only a dry run saw it missing", async () => {
    const world = createWorld([declaration("app", { startAt: "latest" })], []);
    await world.run({ dryRun: true });
    world.kafka = new Set(["app"]);
    await world.run();
    expect(world.topics.get("app")?.order?.startAt).toBe("latest");
  });

  test("is forgotten with its declaration", async () => {
    const world = createWorld([declaration("app")], []);
    await world.run();
    expect(world.memory.seenMissing).toEqual(new Set(["app"]));
    declare(world, {});
    await world.run();
    expect(world.memory.seenMissing).toEqual(new Set());
    expect(world.topics.size).toBe(0);
  });
});

test("a pattern follows topics as they come and go, and never matches the dead letters", async () => {
  const deadLetters = { topic: "app-dead" };
  const world = createWorld([], ["app-1", "app-dead", "__x", "other"]);
  world.config = { settings: settings({ deadLetters }), declarations: [declaration("*p-*")] };
  await world.run();
  expect(world.running()).toEqual(["app-1"]);
  world.kafka = new Set(["app-2"]);
  await world.run();
  expect([...world.topics.keys()]).toEqual(["app-2"]);
});

test("a failed topic waits for its backoff, and the others never notice", async () => {
  const world = createWorld([declaration("bad"), declaration("app")], ["bad", "app"]);
  world.broken.add("bad");
  expect((await world.run()).failed).toEqual([{ topic: "bad", error: "broken" }]);
  expect(world.running()).toEqual(["app"]);
  world.broken.clear();
  world.now += 999;
  await world.run();
  expect(world.topics.get("bad")?.state).toBe("failed");
  world.now += 1;
  await world.run();
  expect(world.running()).toEqual(["app", "bad"]);
});

test("when a running topic's declarations move, its sources follow without a restart", async () => {
  const world = await settledWorld();
  declare(world, { etcd }, "app", "one");
  await world.run();
  expect(world.replaced).toEqual([]);
  expect(world.topics.get("one")?.desired.sources.map(({ kind }) => kind)).toEqual(["config", "etcd"]);
});

describe("a reviewed plan", () => {
  /** The memory, the current settings and the running topics, none of which may change. */
  const stateOf = (world: World) => ({
    topics: new Map(world.topics),
    inForce: world.inForce,
    memory: world.memory,
    templates: world.templates instanceof Error ? null : new Set(world.templates),
  });

  test("is carried out if it is still the plan", async () => {
    const world = await settledWorld();
    declare(world, { etcd }, "app", "new");
    world.kafka = new Set(["app", "one", "two", "new"]);
    const { hash } = await world.run({ dryRun: true });
    const result = await world.run({ expectedHash: hash });
    expect(result).toMatchObject({ carriedOut: true, hash, started: ["new"] });
    expect(world.running()).toEqual(["app", "new", "one", "two"]);
  });

  test.each<[string, (world: World) => void]>([
    ["the file declares something else", (world) => declare(world, { etcd }, "app", "new", "more")],
    [
      "a key was removed",
      (world) => (world.etcd = { clusterId: "c1", revision: 11, keys: { "logs/1": ["one"] } }),
    ],
    ["a topic was deleted from Kafka", (world) => (world.kafka = new Set(["one", "two", "new", "more"]))],
    ["Kafka does not answer", (world) => (world.kafka = new Error("down"))],
    ["etcd does not answer", (world) => (world.etcd = new Error("down"))],
    [
      "the file holds other settings of Kafka",
      (world) => declare(world, { etcd, kafka: kafkaSettings({ brokers: ["other:9092"] }) }, "app", "new"),
    ],
    [
      "the file holds settings that do not work",
      (world) => {
        world.unreachable.add("dead:9092");
        declare(world, { etcd, kafka: kafkaSettings({ brokers: ["dead:9092"] }) }, "app", "new");
      },
    ],
  ])("is refused, and nothing changes, if %s", async (_, change) => {
    const world = await settledWorld();
    declare(world, { etcd }, "app", "new");
    world.kafka = new Set(["app", "one", "two", "new", "more"]);
    const { hash } = await world.run({ dryRun: true });
    change(world);
    const before = stateOf(world);
    const result = await world.run({ expectedHash: hash });
    expect(result).toMatchObject({ carriedOut: false, started: [], stopped: [], replaced: [] });
    expect(result.hash).not.toBe(hash);
    expect(stateOf(world)).toEqual(before);
    // The new hash can be used next.
    expect((await world.look({ expectedHash: result.hash })).carriedOut).toBe(true);
  });

  test("is carried out with changed settings that do not change it, which are applied before anything starts", async () => {
    const world = await settledWorld();
    declare(world, { etcd }, "app", "new");
    world.kafka = new Set(["app", "one", "two", "new"]);
    const { hash } = await world.run({ dryRun: true });
    const http = { ...settings().http, token: new Secret("t") };
    declare(world, { etcd, http }, "app", "new");
    expect(await world.run({ expectedHash: hash })).toMatchObject({ carriedOut: true, started: ["new"] });
    expect(world.inForce.http.token?.reveal()).toBe("t");
  });

  test("is refused if its settings turn out not to be applicable", async () => {
    const world = await settledWorld();
    const kafka = kafkaSettings({ brokers: ["other:9092"] });
    declare(world, { etcd, kafka }, "app");
    const { hash } = await world.run({ dryRun: true });
    world.settingsError = new Error("no memory");
    const before = stateOf(world);
    const result = await world.run({ expectedHash: hash });
    expect(result).toMatchObject({ carriedOut: false, replaced: [], plan: { replace: [] } });
    expect(result.sources.config.error).toContain("no memory");
    expect(stateOf(world)).toEqual(before);
  });

  test("has the same hash as the run that follows, whatever is declared", async () => {
    const name = fc.constantFrom("a-1", "a-2", "b", "missing", "a-*", "?");
    await fc.assert(
      fc.asyncProperty(fc.array(name), fc.array(name), async (before, after) => {
        const world = createWorld([], ["a-1", "a-2", "b"]);
        declare(world, {}, ...before);
        await world.run();
        declare(world, {}, ...after);
        const dry = await world.run({ dryRun: true });
        const real = await world.run({ expectedHash: dry.hash });
        expect(real).toMatchObject({ carriedOut: true, hash: dry.hash, plan: dry.plan });
      }),
      { numRuns: rounds(50, 15) },
    );
  });
});

describe("as if a key had another value", () => {
  test.each<[string, string, string[]]>([
    ["logs/1", '[{"topic":"one","pipeline":"p"},{"topic":"new"}]', ["new"]],
    ["logs/1", "[]", []],
    ["logs/0", '["new",{"topic":"two","pipeline":"p"}]', ["new"]],
    ["logs/1", "no JSON", []],
    ["elsewhere", '["new"]', []],
  ])("%s = %s: the plan is what then happens, and nothing changes", async (key, text, started) => {
    const world = await settledWorld();
    world.kafka = new Set(["app", "one", "two", "new"]);
    const before = { topics: new Map(world.topics), memory: world.memory };
    const preview = await world.run({ asIf: { key, text } });
    expect(preview).toMatchObject({ carriedOut: false, started: [], stopped: [], replaced: [] });
    expect({ topics: world.topics, memory: world.memory }).toEqual(before);

    if (world.etcd instanceof Error) throw world.etcd;
    const keys = key === "elsewhere" ? world.etcd.keys : sorted({ ...world.etcd.keys, [key]: text });
    world.etcd = { clusterId: "c1", revision: 11, keys };
    const real = await world.run({ expectedHash: preview.hash });
    expect(real.hash).toBe(preview.hash);
    expect(real.started).toEqual(started);
    expect(topicsOf(real)).toEqual(topicsOf(preview));
  });

  /** As read from etcd. */
  const sorted = (keys: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(keys).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const topicsOf = ({ plan, conflicts }: ReconcileResult) => ({
    start: plan.start.map(({ topic }) => topic),
    stop: plan.stop.map(({ topic, spec }) => [topic, spec.topic]),
    replace: plan.replace.map(({ topic, changes }) => [topic, changes]),
    refused: plan.refused.map(({ name, lastGoodKept }) => [name, lastGoodKept]),
    conflicts: conflicts.map(({ topic, winner, loser }) => [topic, winner.name, loser.name]),
  });
});

test("a stopped topic has its former sources and state", async () => {
  const world = await settledWorld();
  world.etcd = { clusterId: "c1", revision: 11, keys: { "logs/1": [{ topic: "one" }] } };
  const { plan } = await world.run({ dryRun: true });
  expect(plan.stop).toEqual([
    {
      topic: "two",
      source: { kind: "etcd", name: "logs/2", revision: 10, entry: 0 },
      spec: expect.objectContaining({ topic: "two", index: "two" }) as never,
      reason: "no longer declared",
    },
  ]);
});
