import { afterEach, expect, jest, test } from "bun:test";
import { createRebuilds } from "../../../../infra/host/rebuild/rebuilds.ts";
import type { KafkaWire } from "../../../../lib/adapters/kafka/protocol/wire.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import type { StoredOrder } from "../../../../lib/rules/offsets/order-groups.ts";
import { orderEntry, positionEntry } from "../../../../lib/rules/rebuild/rebuild.ts";
import { eventually } from "../../../support/eventually.ts";
import { advance } from "../../../support/fake-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { rebuildOrder, rebuildPosition, rebuildStep } from "../../../support/rebuilds.ts";
import { kafkaSettings, settings } from "../../../support/settings.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";

afterEach(() => void jest.useRealTimers());

const DAY_MS = 86_400_000;

/** A host, and the orders that Kafka has. Of a topic `silent`, Kafka does not answer. */
function setUp(entries: readonly StoredOrder[]) {
  const world = {
    orders: [...entries],
    /** By topic. */
    owned: new Map<string, readonly number[]>(),
    nowMs: Date.parse(rebuildOrder.since),
    writes: [] as string[],
    onWrite: (_topic: string): void => {},
  };
  const wire = {
    call: async (
      _to: unknown,
      _api: unknown,
      { topics }: { topics: string[] },
      how: { signal: AbortSignal },
    ) => {
      how.signal.throwIfAborted();
      if (topics.includes("silent"))
        await new Promise((_, reject) =>
          how.signal.addEventListener("abort", () => reject(new Error("late"))),
        );
      return { brokers: [], topics: topics.map((topic) => ({ topic, error: null, partitions: [] })) };
    },
    close: () => Promise.resolve(),
  } as unknown as KafkaWire;
  const logger = createMemoryLogger();
  const rebuilds = createRebuilds({
    logger,
    failures: logger,
    time: {
      ...systemTime,
      now: () => world.nowMs,
      monotonicMs: () => world.nowMs,
    },
    orders: (kind) => ({
      read: () =>
        Promise.resolve(
          kind === "rebuilds"
            ? [...world.orders]
            : [0, 1].map((partition) => positionEntry("app", rebuildPosition({ partition }))),
        ),
      async write(some) {
        for (const entry of some) {
          const { topic, partition } = entry;
          world.onWrite(topic);
          world.writes.push(`${kind} ${topic}/${partition}`);
          if (kind === "rebuilds")
            world.orders = [...world.orders.filter((one) => one.topic !== topic), entry];
        }
      },
    }),
    elasticsearch: () => ({
      ask: () => Promise.resolve({}),
      bulk: () => Promise.reject(new Error("nothing is written")),
    }),
    deadLetters: () => ({ store: () => Promise.resolve() }),
    openWire: () => wire,
    settings: () => ({ kafka: kafkaSettings(), bulk: settings().elasticsearch.bulk }),
    topics: () =>
      [...world.owned].map(([topic, owned]) =>
        topicStatus({ topic, partitions: owned.map((partition) => partitionStatus({ partition })) }),
      ),
    isOurs: (topic, partition) => world.owned.get(topic)?.includes(partition) === true,
    load: () => ({ lag: 0, inFlight: 1, isRefused: false }),
    newId: () => "id",
    placeOf: () => "nowhere",
    ensureTemplate: () => Promise.resolve(),
  });
  return { rebuilds, world, logger };
}

test("a topic of which Kafka does not answer does not keep another one from being rebuilt", async () => {
  const { rebuilds } = setUp(["silent", "well"].map((topic) => orderEntry(topic, rebuildOrder)));
  expect(rebuilds.topics).toBeNull();
  await eventually("it is known", () => rebuilds.of("well"), 1_000);
  expect(rebuilds.topics).toEqual(new Set(["silent", "well"]));
  await rebuilds.stop();
});

test("an order is written again once it is a day old, as soon as its partitions are this host's, and again until that works", async () => {
  jest.useFakeTimers();
  const { rebuilds, world, logger } = setUp([orderEntry("app", { ...rebuildOrder, paused: true })]);
  const written = async (): Promise<string[]> => {
    await advance(5_000);
    return world.writes.splice(0);
  };
  world.owned.set("app", [0]);
  expect(await written()).toEqual([]);
  world.nowMs += DAY_MS;
  world.owned.set("app", []);
  expect(await written()).toEqual([]);
  world.onWrite = () => {
    world.onWrite = () => {};
    throw new Error("Kafka is away");
  };
  world.owned.set("app", [0]);
  expect(await written()).toEqual(["rebuilds app/0", "rebuild-positions app/0"]);
  expect(logger.lines.map(({ message }) => message)).toContain(
    "a rebuild could not be written to Kafka again",
  );
  expect(await written()).toEqual([]);
  world.owned.set("app", [1]);
  expect(await written()).toEqual(["rebuild-positions app/1"]);
  world.nowMs += DAY_MS;
  expect(await written()).toEqual(["rebuild-positions app/1"]);
  jest.useRealTimers();
  await rebuilds.stop();
});

test("an order that was given while another one was written again is not undone", async () => {
  jest.useFakeTimers();
  const orders = ["one", "two"].map((topic) => orderEntry(topic, { ...rebuildOrder, paused: true }));
  const { rebuilds, world } = setUp(orders);
  for (const topic of ["one", "two"]) world.owned.set(topic, [0]);
  world.nowMs += DAY_MS;
  world.onWrite = () => {
    const both = orderEntry("two", { ...rebuildOrder, paused: true, both: true });
    world.onWrite = () => {};
    world.orders = [...world.orders.filter(({ topic }) => topic !== "two"), both];
  };
  await advance(5_000);
  expect(world.writes).toEqual(["rebuilds one/0", "rebuilds two/0"]);
  expect(world.orders.find(({ topic }) => topic === "two")?.metadata).toContain('"both":true');
  jest.useRealTimers();
  await rebuilds.stop();
});

test("each step is told once, by the host of the topic's first partition, whoever ordered it and how", async () => {
  jest.useFakeTimers();
  const entries = (step = rebuildStep) => ["app", "other"].map((topic) => orderEntry(topic, null, step));
  const { rebuilds, world, logger } = setUp(entries());
  world.owned.set("app", [0]);
  const told = () => logger.lines.filter(({ message }) => message === "a rebuild was ordered");
  await advance(3_000);
  // What was ordered before the host started.
  expect(told()).toEqual([]);
  world.orders = entries({ ...rebuildStep, action: "cancel", at: rebuildStep.at + 1 });
  await advance(6_000);
  expect(told().map(({ fields }) => fields)).toEqual([
    { topic: "app", action: "cancel", index: "app-2", force: false, by: "bob@ops" },
  ]);
  jest.useRealTimers();
  await rebuilds.stop();
});
