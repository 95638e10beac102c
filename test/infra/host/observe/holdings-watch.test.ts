import { afterEach, expect, jest, test } from "bun:test";
import { createHoldingsWatch } from "../../../../infra/host/observe/holdings-watch.ts";
import type { TargetHoldings } from "../../../../lib/adapters/elasticsearch/holdings/holdings.ts";
import { absentHoldings, type HeldTopic, type Holdings } from "../../../../lib/rules/progress/holdings.ts";
import type { TopicStatus } from "../../../../lib/rules/progress/status.ts";
import { advance, fakeTimeouts } from "../../../support/fake-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";

afterEach(() => void jest.useRealTimers());

const dayMs = 86_400_000;
const stream: Holdings = {
  ...absentHoldings(),
  kind: "data stream",
  generations: 2,
  documents: 7,
  retentionMs: 7 * dayMs,
};

/** Topics of one host: two share a stream, one has an index. */
function setUp() {
  const of = (topic: string, index: string): TopicStatus => {
    const status = topicStatus({ topic });
    return { ...status, spec: { ...status.spec, index } };
  };
  const world = {
    ms: 0,
    epoch: 100 * dayMs,
    tookMs: 0,
    failure: null as Error | null,
    statuses: [of("a", "logs"), of("b", "logs"), of("c", "c")],
    /** Resolves the question under way; null: answered at once. */
    gate: null as Promise<void> | null,
  };
  const asked: Record<string, readonly string[]>[] = [];
  const watch = createHoldingsWatch({
    logger: createMemoryLogger(),
    now: () => world.epoch,
    monotonicMs: () => world.ms,
    specs: () => world.statuses.map(({ spec }) => spec),
    async ask(targets) {
      asked.push(Object.fromEntries(targets));
      await world.gate;
      world.ms += world.tookMs;
      if (world.failure !== null) throw world.failure;
      return new Map(
        [...targets].map(([index, topics]): [string, TargetHoldings] => [
          index,
          {
            holdings: index === "logs" ? stream : absentHoldings(),
            documentsOf: new Map(topics.length > 1 ? [["a", 4]] : []),
          },
        ]),
      );
    },
  });
  const list = () => watch.listAll(() => world.statuses);
  const first = (): TopicStatus => world.statuses[0] ?? topicStatus();
  return { world, watch, asked, list, first };
}

/** Lets an answer that is there arrive. */
const settle = () => Bun.sleep(0);

test("the first list waits for the answer about all targets, and names each topic's part", async () => {
  const { asked, list } = setUp();
  const [a, b, c] = await list();
  expect(asked).toEqual([{ logs: ["a", "b"], c: ["c"] }]);
  expect(a?.target).toEqual({
    name: "logs",
    ...stream,
    topicDocuments: 4,
    at: 100 * dayMs,
    warning: null,
  });
  expect(b?.target?.topicDocuments).toBeNull();
  expect(c?.target).toMatchObject({ name: "c", kind: "absent", topicDocuments: null });
});

test("asks only if somebody looks, about what is looked at, and at most once a minute", async () => {
  const { world, watch, asked, list, first } = setUp();
  world.ms += 10 * 60_000;
  await settle();
  expect(asked).toEqual([]);
  expect(watch.listed([first()])[0]?.target).toBeNull();
  await settle();
  expect(asked).toEqual([{ logs: ["a", "b"] }]);
  expect(watch.listed([first()])[0]?.target?.documents).toBe(7);
  // Of the list, only the other target is due.
  await list();
  expect(asked).toHaveLength(2);
  expect(asked[1]).toEqual({ c: ["c"] });
  world.ms += 59_999;
  await list();
  expect(asked).toHaveLength(2);
  world.ms += 1;
  await list();
  expect(asked[2]).toEqual({ logs: ["a", "b"], c: ["c"] });
});

test("a list that knows everything does not wait, and neither does one without an answer in time", async () => {
  const { world, asked, list } = setUp();
  const gate = Promise.withResolvers<void>();
  world.gate = gate.promise;
  jest.useFakeTimers();
  using _ = fakeTimeouts();
  let listed: readonly HeldTopic[] | null = null;
  void list().then((all) => (listed = all));
  await advance(950);
  expect(listed).toBeNull();
  await advance(50);
  expect(listed).toMatchObject([{ target: null }, { target: null }, { target: null }]);
  jest.useRealTimers();
  gate.resolve();
  await settle();
  world.gate = new Promise(() => {});
  world.ms += 60_000;
  expect((await list())[0]?.target?.documents).toBe(7);
  expect(asked).toHaveLength(2);
});

test("asks more seldom where the answer takes long", async () => {
  const { world, asked, list } = setUp();
  world.tookMs = 2_000;
  await list();
  world.ms += 190_000;
  await list();
  expect(asked).toHaveLength(1);
  world.ms += 10_000;
  await list();
  expect(asked).toHaveLength(2);
});

test("without an answer, what was known stays with its time, and what was not says why", async () => {
  const { world, asked, list } = setUp();
  world.failure = new Error("nobody listens");
  const reason = "Elasticsearch could not be asked: nobody listens";
  expect((await list())[0]?.target).toMatchObject({ kind: null, documents: null, at: null, reason });
  world.failure = null;
  world.ms += 60_000;
  await list();
  await settle();
  expect((await list())[0]?.target).toMatchObject({ documents: 7, at: 100 * dayMs, reason: null });
  world.failure = new Error("nobody listens");
  world.ms += 60_000;
  world.epoch += 60_000;
  await list();
  await settle();
  expect((await list())[0]?.target).toMatchObject({ documents: 7, at: 100 * dayMs, reason });
  expect(asked).toHaveLength(3);
});

test("a topic that is read later than its stream keeps is warned of", async () => {
  const { world, list } = setUp();
  const partitions = [partitionStatus({ oldestUnreadAt: world.epoch - 9 * dayMs })];
  const late = (status: TopicStatus): TopicStatus => ({ ...status, partitions });
  world.statuses = world.statuses.map(late);
  const [a, , c] = await list();
  expect(a?.target?.warning).toBe(
    "the oldest unread record is 9 days old, but logs keeps only 7 days: documents of that time may be deleted already",
  );
  expect(c?.target?.warning).toBeNull();
});

test("a topic that moved to another target shows the new one; a stop ends a question", async () => {
  const { world, watch, asked, list } = setUp();
  await list();
  const moved = (status: TopicStatus): TopicStatus => ({ ...status, spec: { ...status.spec, index: "new" } });
  world.statuses = world.statuses.map(moved);
  expect((await list()).map(({ target }) => target?.name)).toEqual(["new", "new", "new"]);
  await watch.stop();
  world.ms += 60_000;
  await list();
  expect(asked).toHaveLength(2);
});
