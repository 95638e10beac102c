import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createLagWatch } from "../../../../infra/host/observe/lag-watch.ts";
import type { PartitionPosition } from "../../../../lib/adapters/kafka/reader/reader.ts";
import type { TopicConfig } from "../../../../lib/rules/progress/retention.ts";
import { advance } from "../../../support/fake-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const START = 1_000_000;
const config: TopicConfig = {
  retentionMs: 500_000,
  retentionBytes: -1,
  maxMessageBytes: null,
  cleanupPolicy: "delete",
};

function setUp() {
  const world = {
    now: START,
    kafka: null as Error | null,
    statuses: [topicStatus({ topic: "a", partitions: [partitionStatus({ lagAt: START })] })],
    configs: new Map([["a", config]]),
  };
  const asked: [string, number[]][][] = [];
  const looks: number[] = [];
  const configsOf: (readonly string[])[] = [];
  const heldAsked: [string, [number, number | null][]][] = [];
  const observed: [string, readonly PartitionPosition[]][] = [];
  const position = { partition: 1, highWatermark: 9, lastStableOffset: 9, logStart: 0 };
  const watch = createLagWatch({
    logger: createMemoryLogger(),
    now: () => world.now,
    onLook: (statuses) => void looks.push(statuses.length),
    async firstRecords(topic, committed) {
      heldAsked.push([topic, [...committed]]);
      if (world.kafka !== null) throw world.kafka;
      return [
        { partition: 0, logStart: 3, lastStableOffset: 12, first: { offset: 10, timestamp: START - 90_000 } },
      ];
    },
    cluster: () => ({
      async positions(wanted) {
        asked.push([...wanted].map(([topic, partitions]) => [topic, [...partitions]]));
        if (world.kafka !== null) throw world.kafka;
        return new Map([["a", [position]]]);
      },
      async topicConfigs(topics) {
        configsOf.push(topics);
        if (world.kafka !== null) throw world.kafka;
        return world.configs;
      },
    }),
  });
  watch.start({
    statuses: () => world.statuses,
    observe: (topic, positions) => void observed.push([topic, positions]),
  });
  const pass = async (ms: number): Promise<void> => {
    world.now += ms;
    await advance(ms);
  };
  return { watch, world, looks, asked, heldAsked, configsOf, observed, position, pass };
}

test("asks in one question for all partitions that no fetch told of for 10 s, and passes on what is told", async () => {
  const { watch, world, asked, observed, position, pass } = setUp();
  await pass(5_000);
  expect(asked).toEqual([]);
  world.statuses = [
    topicStatus({
      topic: "a",
      partitions: [
        partitionStatus({ partition: 0, lagAt: world.now }),
        partitionStatus({ partition: 1, lagAt: START - 6_000 }),
        partitionStatus({ partition: 2, lagAt: null, progressAt: START - 60_000 }),
        partitionStatus({ partition: 3, lagAt: null, owned: false }),
      ],
    }),
    topicStatus({ topic: "b", partitions: [partitionStatus({ lagAt: 0 })] }),
  ];
  await pass(5_000);
  expect(asked).toEqual([
    [
      ["a", [1, 2]],
      ["b", [0]],
    ],
  ]);
  expect(observed).toEqual([["a", [position]]]);
  await watch.stop();
});

test("asks how long topics that are behind keep their records, seldom, and forgets those that are gone", async () => {
  const { watch, world, configsOf, pass } = setUp();
  expect(watch.keptForMs("a")).toBeNull();
  const behind = (topic: string) =>
    topicStatus({
      topic,
      partitions: [partitionStatus({ lagAt: Infinity, oldestUnreadAt: START - 60_000 })],
    });
  world.statuses = [behind("a"), behind("hidden"), topicStatus({ topic: "well" })];
  await pass(5_000);
  await pass(5_000);
  expect(configsOf).toEqual([["a", "hidden"]]);
  expect([watch.keptForMs("a"), watch.keptForMs("hidden")]).toEqual([500_000, null]);
  world.statuses = [behind("hidden")];
  await pass(600_000);
  expect(watch.keptForMs("a")).toBeNull();
  expect(configsOf.at(-1)).toEqual(["hidden"]);
  await watch.stop();
});

test("goes on where Kafka does not answer", async () => {
  const { watch, world, looks, asked, observed, pass } = setUp();
  world.statuses = [topicStatus({ topic: "a", partitions: [partitionStatus({ lagAt: 0 })] })];
  world.kafka = new Error("away");
  await pass(5_000);
  world.kafka = null;
  await pass(5_000);
  expect([asked.length, observed.length, looks]).toEqual([2, 1, [1, 1]]);
  await watch.stop();
});

test("of a held topic it asks for the ends in every round, and looks once at the first record that waits", async () => {
  const { watch, world, asked, heldAsked, observed, pass } = setUp();
  const held = (changes: Parameters<typeof partitionStatus>[0]) =>
    topicStatus({
      topic: "a",
      state: "held",
      partitions: [partitionStatus({ lag: 2, highWatermark: 12, lagAt: world.now, ...changes })],
    });
  world.statuses = [held({})];
  await pass(5_000);
  await pass(5_000);
  expect(asked).toEqual([[["a", [0]]], [["a", [0]]]]);
  expect(heldAsked).toEqual([["a", [[0, 10]]]]);
  const first = { offset: 10, timestamp: START - 90_000 };
  expect(observed).toContainEqual([
    "a",
    [{ partition: 0, logStart: 3, lastStableOffset: 12, highWatermark: 12, first }],
  ]);

  world.statuses = [held({ oldestUnreadAt: START - 90_000 })];
  await pass(60_000);
  expect(heldAsked).toHaveLength(1);
  // Kafka may have deleted it: another one is the first now.
  world.statuses = [held({ oldestUnreadAt: START - 90_000, deletableAt: world.now })];
  await pass(5_000);
  expect(heldAsked).toHaveLength(2);
  await watch.stop();
});
