import { expect, test } from "bun:test";
import { createTopicJournal } from "../../../../infra/host/observe/topic-journal.ts";
import type { TopicStatus } from "../../../../lib/rules/progress/status.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";

function setUp() {
  const logger = createMemoryLogger();
  let now = 0;
  const journal = createTopicJournal(logger, () => now);
  /** What is logged of the topics as they are 31 s later. */
  const look = (...statuses: TopicStatus[]) => {
    now += 31_000;
    const from = logger.lines.length;
    journal.look(statuses);
    return logger.lines.slice(from);
  };
  return { look };
}

const app = (changes: Partial<TopicStatus> = {}) => topicStatus({ topic: "app", ...changes });
const partitions = (...owned: boolean[]) =>
  owned.map((isOurs, partition) => partitionStatus({ partition, owned: isOurs }));

test("tells the life of a topic, each step once", () => {
  const { look } = setUp();
  const pending = app({ state: "pending", reason: "it does not exist in Kafka", partitions: [] });
  expect(look(pending)).toEqual([
    {
      level: "info",
      message: "a topic waits",
      fields: { topic: "app", reason: "it does not exist in Kafka" },
    },
  ]);
  expect(look(pending)).toEqual([]);
  expect(look(app({ state: "starting", partitions: [] }))).toEqual([]);
  const running = app({ partitions: partitions(true, false, true, false) });
  expect(look(running)).toEqual([
    { level: "info", message: "a topic runs", fields: { topic: "app", partitions: "0, 2 of 4" } },
  ]);
  expect(look(running)).toEqual([]);
  const stalled = { ...running, state: "stalled" as const, reason: "no room" };
  expect(look(stalled)).toEqual([
    { level: "warn", message: "a topic stalled", fields: { topic: "app", reason: "no room" } },
  ]);
  expect(look(stalled)).toEqual([]);
  expect(look(running)).toEqual([{ level: "info", message: "a topic resumed", fields: { topic: "app" } }]);
});

test("tells what a rebalance gave and took, and that another reason keeps it waiting", () => {
  const { look } = setUp();
  look(app({ partitions: partitions(true, true) }));
  expect(look(app({ partitions: partitions(false, false) }))).toEqual([
    {
      level: "info",
      message: "a topic has other partitions",
      fields: { topic: "app", partitions: "none of 2" },
    },
  ]);
  look(app({ state: "pending", reason: "nobody knows" }));
  expect(look(app({ state: "pending", reason: "it is not there" }))).toMatchObject([
    { message: "a topic waits", fields: { reason: "it is not there" } },
  ]);
});

test("one that fails over and over is told of twice a minute at most; that it failed is told elsewhere", () => {
  const logger = createMemoryLogger();
  let now = 0;
  const journal = createTopicJournal(logger, () => now);
  for (; now < 60_000; now += 5_000)
    journal.look([now % 10_000 === 0 ? app() : app({ state: "failed", reason: "no" })]);
  expect(logger.lines.map(({ message }) => message)).toEqual(["a topic runs", "a topic runs"]);
});

test("of many at once it says how many and the first", () => {
  const { look } = setUp();
  const names = Array.from({ length: 480 }, (_, n) => `t${n}`);
  const lines = look(...names.map((topic) => topicStatus({ topic })));
  expect(lines).toEqual([
    {
      level: "info",
      message: "a topic runs",
      fields: { topics: [...names.slice(0, 20), "and 460 more"], count: 480 },
    },
  ]);
});

test("a topic that was gone begins anew", () => {
  const { look } = setUp();
  look(app());
  expect(look()).toEqual([]);
  expect(look(app())).toMatchObject([{ message: "a topic runs" }]);
});
