import { describe, expect, test } from "bun:test";
import {
  type DeclaredTopic,
  type HoldDeps,
  type HoldInput,
  holdTopics,
} from "../../functions/hold-topics.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { StoredOrder } from "../../lib/rules/offsets/order-groups.ts";
import { type HoldEntry, holdText, parseHold } from "../../lib/rules/progress/hold.ts";

const START = 1_000_000;
const source = { kind: "config", name: "config.yaml", revision: null, entry: 4 } as const;
const there: DeclaredTopic = { inKafka: true, heldBy: null, partitions: 2 };

/** Kafka, the declared topics, and hosts that confirm an order when the time has come. */
function setUp(
  topics: Readonly<Record<string, DeclaredTopic>> = { app: there },
  { hosts = 1, followMs = 2_000 }: { hosts?: number | null; followMs?: number } = {},
) {
  const world = {
    now: START,
    entries: new Map<string, HoldEntry>(),
    writes: 0,
    overwrite: null as HoldEntry | null,
    /** The user may not read it. */
    forbidden: null as string | null,
  };
  const set = (topic: string, partition: number, entry: HoldEntry): void =>
    void world.entries.set(`${topic}/${partition}`, entry);
  const deps: HoldDeps = {
    now: () => world.now,
    declared: (topic) => Promise.resolve(topics[topic] ?? null),
    hosts: () => Promise.resolve(hosts),
    read: () =>
      Promise.resolve(
        [...world.entries].map(([name, entry]): StoredOrder => {
          const [topic = "", partition = ""] = name.split("/");
          return { topic, partition: Number(partition), offset: 0, metadata: holdText(entry) };
        }),
      ),
    async write(orders) {
      world.writes += 1;
      for (const { topic, partition, metadata } of orders) {
        const entry = parseHold(metadata);
        if (entry !== null && topic !== world.forbidden) set(topic, partition, entry);
      }
      if (orders.some(({ topic }) => topic === world.forbidden))
        throw new PenstockError("kafka_refused", "this user may not read it");
    },
    async wait(ms) {
      world.now += ms;
      if (world.overwrite !== null) set("app", 0, world.overwrite);
      world.overwrite = null;
      if (world.now < START + followMs) return;
      for (const topic of Object.keys(topics)) {
        const entry = world.entries.get(`${topic}/0`);
        if (entry === undefined || entry.taken) continue;
        for (let one = 0; one < (topics[topic]?.partitions ?? 0); one += 1)
          set(topic, one, { ...entry, taken: true });
      }
    },
  };
  const run = (changes: Partial<HoldInput> = {}) =>
    holdTopics({ topics: ["app"], held: true, by: "alice", reason: null, ...changes }, deps);
  return { world, run, set };
}

const entry = (changes: Partial<HoldEntry> = {}): HoldEntry => ({
  held: true,
  by: "bob",
  at: 500,
  reason: "why",
  writtenAt: 500,
  taken: true,
  ...changes,
});

describe("a topic is held", () => {
  test("and released, each once all partitions follow", async () => {
    const { world, run } = setUp();
    const [held] = await run({ reason: "reindexing" });
    expect(held).toEqual({
      topic: "app",
      action: "held",
      message: 'topic "app" is held: nothing of it is read until it is released',
      hold: { from: "order", by: "alice", since: new Date(START).toISOString(), reason: "reindexing" },
      waiting: [],
      hosts: 1,
    });
    const [released] = await run({ held: false });
    expect(released).toMatchObject({
      action: "released",
      message: 'topic "app" is read again',
      hold: null,
      waiting: [],
    });
    expect(world.writes).toBe(2);
  });

  test("by the first who ordered it", async () => {
    const { world, run, set } = setUp();
    set("app", 0, entry());
    const [result] = await run();
    expect(result).toMatchObject({
      action: "unchanged",
      message: 'topic "app" is held already, since 1970-01-01T00:00:00.500Z: held by bob: why',
      hold: { by: "bob" },
    });
    expect(world.writes).toBe(0);
  });

  test("later than the order before, whatever the clock of that one said", async () => {
    const { world, run, set } = setUp();
    set("app", 0, entry({ held: false, at: START + 60_000 }));
    await run();
    expect(world.entries.get("app/0")).toMatchObject({ held: true, at: START + 60_001 });
  });

  test("also if a host that confirms the order before overwrites this one", async () => {
    const { world, run } = setUp();
    world.overwrite = entry({ held: false });
    const [result] = await run();
    expect(result).toMatchObject({ action: "held", waiting: [] });
    expect(world.writes).toBe(2);
  });

  test("unless somebody gives another order meanwhile", async () => {
    const { world, run } = setUp();
    world.overwrite = entry({ held: false, at: START + 5 });
    const [result] = await run();
    expect(result).toMatchObject({
      action: "superseded",
      message: 'topic "app": somebody gave another order meanwhile: it is released',
      hold: null,
    });
  });
});

test("without a host nobody is waited for; a host that does not follow in 15 s is told by its partitions", async () => {
  const alone = setUp({ app: there }, { hosts: 0 });
  expect(await alone.run()).toMatchObject([{ action: "held", waiting: [0, 1], hosts: 0 }]);
  expect(alone.world.now).toBe(START);
  const silent = setUp({ app: there }, { hosts: 3, followMs: Infinity });
  expect(await silent.run()).toMatchObject([{ action: "held", waiting: [0, 1], hosts: 3 }]);
  expect(silent.world.now - START).toBeGreaterThanOrEqual(15_000);
});

test("each topic is decided by itself, and only good orders are written", async () => {
  const { world, run } = setUp({
    app: there,
    gone: { ...there, inKafka: false },
    other: { ...there, partitions: 1 },
  });
  const results = await run({ topics: ["gone", "app", "unknown", "other", "app"] });
  expect(results.map(({ topic, action }) => [topic, action])).toEqual([
    ["gone", "refused"],
    ["app", "held"],
    ["unknown", "undeclared"],
    ["other", "held"],
    ["app", "held"],
  ]);
  expect(world.writes).toBe(1);
  expect(results[0]?.message).toContain("declare it with `hold: true` instead");
});

test("a topic of which Kafka forbids the order is told as refused, and the others are held", async () => {
  const { world, run } = setUp({ app: there, secret: there, other: there });
  world.forbidden = "secret";
  expect(await run({ topics: ["app", "secret", "other"] })).toMatchObject([
    { topic: "app", action: "held", waiting: [] },
    {
      topic: "secret",
      action: "refused",
      message: 'topic "secret": this user may not read it',
      hold: null,
      waiting: [],
    },
    { topic: "other", action: "held", waiting: [] },
  ]);
  expect(await run({ topics: ["secret"] })).toMatchObject([{ action: "refused" }]);
});

describe("a topic that its declaration holds", () => {
  const declared = { app: { ...there, heldBy: source } };

  test("is not released by an order", async () => {
    const { world, run } = setUp(declared);
    expect(await run({ held: false })).toMatchObject([
      {
        action: "refused",
        message: 'topic "app" is held by entry 5 of config.yaml: remove `hold: true` there',
        hold: { from: "declaration" },
      },
    ]);
    expect(world.writes).toBe(0);
  });

  test("can be held by an order too, which is taken back by itself", async () => {
    const { run } = setUp(declared);
    expect(await run()).toMatchObject([{ action: "held", hold: { from: "order", by: "alice" } }]);
    expect(await run({ held: false })).toMatchObject([
      {
        action: "released",
        message:
          'topic "app": the order is withdrawn, but entry 5 of config.yaml still holds it: remove `hold: true` there',
        hold: { from: "declaration" },
      },
    ]);
  });
});

test("a topic that is not held has nothing to release", async () => {
  const { run } = setUp();
  expect(await run({ held: false })).toMatchObject([
    { action: "unchanged", message: 'topic "app" is not held' },
  ]);
});
