import { describe, expect, test } from "bun:test";
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
  const remedy = { do: "open the index", command: "POST app/_open" };
  const stalled = { ...running, state: "stalled" as const, reason: "no room", remedy };
  expect(look(stalled)).toEqual([
    {
      level: "warn",
      message: "a topic stalled",
      fields: { topic: "app", reason: "no room", remedy: "open the index: POST app/_open" },
    },
  ]);
  expect(look(stalled)).toEqual([]);
  expect(look(running)).toEqual([{ level: "info", message: "a topic resumed", fields: { topic: "app" } }]);
});

test("tells that a topic is held, by whom, and that it runs again", () => {
  const { look } = setUp();
  look(app());
  const held = app({ state: "held", reason: "held by alice: reindexing" });
  expect(look(held)).toEqual([
    {
      level: "info",
      message: "a topic is held",
      fields: { topic: "app", reason: "held by alice: reindexing" },
    },
  ]);
  expect(look(held)).toEqual([]);
  expect(look({ ...held, reason: "held by bob" })).toHaveLength(1);
  expect(look(app()).map(({ message }) => message)).toEqual(["a topic runs"]);
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

describe("a topic that stays starting", () => {
  function watched() {
    const logger = createMemoryLogger();
    let now = Date.UTC(2026, 10, 22, 12);
    const journal = createTopicJournal(logger, () => now);
    /** What is logged of these topics after this time. */
    const after = (ms: number, ...statuses: TopicStatus[]) => {
      now += ms;
      const from = logger.lines.length;
      journal.look(statuses);
      return logger.lines.slice(from);
    };
    const starting = (reason: string | null, changes: Partial<TopicStatus> = {}) =>
      app({ state: "starting", since: new Date(now).toISOString(), reason, ...changes });
    return { after, starting };
  }
  const waits = (reason: string) => ({
    level: "warn" as const,
    message: "a topic still waits to start",
    fields: { topic: "app", reason },
  });
  const runs = {
    level: "info" as const,
    message: "a topic runs",
    fields: { topic: "app", partitions: "0 of 1" },
  };

  test("says why after 10 s, once per reason, and that it runs", () => {
    const { after, starting } = watched();
    const status = starting("Elasticsearch does not answer");
    expect(after(9_999, status)).toEqual([]);
    expect(after(1, status)).toEqual([waits("Elasticsearch does not answer")]);
    expect(after(60_000, status)).toEqual([]);
    expect(after(5_000, { ...status, reason: "the group rebalances" })).toEqual([
      waits("the group rebalances"),
    ]);
    expect(after(5_000, app())).toEqual([runs]);
  });

  test("says so too after it ran, and that it runs again, however short ago it said so", () => {
    const { after, starting } = watched();
    expect(after(0, app())).toEqual([runs]);
    const status = starting("no coordinator");
    expect(after(10_000, status)).toEqual([waits("no coordinator")]);
    expect(after(5_000, app())).toEqual([runs]);
  });

  test("says a changed reason at most every 30 s, and the one that stayed then", () => {
    const { after, starting } = watched();
    const status = starting("a");
    expect(after(10_000, status)).toEqual([waits("a")]);
    for (const reason of ["b", "a", "b"]) expect(after(5_000, { ...status, reason })).toEqual([]);
    expect(after(15_000, { ...status, reason: "b" })).toEqual([waits("b")]);
  });

  test("says nothing without a reason", () => {
    const { after, starting } = watched();
    expect(after(60_000, starting(null))).toEqual([]);
  });

  test("shares a line with many others, with the reason they all have", () => {
    const { after, starting } = watched();
    const names = Array.from({ length: 30 }, (_, n) => `t${n}`);
    const all = names.map((topic) => starting("no coordinator", { topic }));
    expect(after(10_000, ...all)).toEqual([
      {
        level: "warn",
        message: "a topic still waits to start",
        fields: { topics: [...names.slice(0, 20), "and 10 more"], count: 30, reason: "no coordinator" },
      },
    ]);
  });
});

test("one that fails over and over is told of twice a minute at most; that it failed is told elsewhere", () => {
  const logger = createMemoryLogger();
  let now = 0;
  const journal = createTopicJournal(logger, () => now);
  for (; now < 60_000; now += 5_000)
    journal.look([now % 10_000 === 0 ? app() : app({ state: "failed", reason: "no" })]);
  expect(logger.lines.map(({ message }) => message)).toEqual(["a topic runs", "a topic runs"]);
});

describe("within half a minute", () => {
  /** The messages so far of a topic that is looked at each second, in these states. */
  function following() {
    const logger = createMemoryLogger();
    let now = 0;
    const journal = createTopicJournal(logger, () => now);
    return (seconds: number, changes: Partial<TopicStatus> = {}) => {
      for (const until = now + 1_000 * seconds; now < until; now += 1_000) journal.look([app(changes)]);
      return logger.lines.map(({ message, fields }) => {
        const reason = fields?.["reason"];
        return typeof reason === "string" ? `${message} ${reason}` : message;
      });
    };
  }
  const held = { state: "held", reason: "held by alice" } as const;

  test("what people order is told each time", () => {
    const during = following();
    for (let round = 0; round < 2; round += 1) {
      during(5);
      during(5, held);
    }
    expect(during(5)).toEqual([
      "a topic runs",
      "a topic is held held by alice",
      "a topic runs",
      "a topic is held held by alice",
      "a topic runs",
    ]);
  });

  test("so is a hold of a topic that has not started again since the last one", () => {
    const during = following();
    during(5, held);
    const since = new Date(0).toISOString();
    expect(during(10, { state: "starting", reason: "no coordinator", since })).toEqual([
      "a topic is held held by alice",
      "a topic still waits to start no coordinator",
    ]);
    expect(during(1, held).at(-1)).toBe("a topic is held held by alice");
  });

  test("what was too soon is told later, if it is still so", () => {
    const during = following();
    during(5);
    during(5, { state: "failed", reason: "no" });
    expect(during(20)).toEqual(["a topic runs"]);
    expect(during(5)).toEqual(["a topic runs", "a topic runs"]);
    during(5, held);
    expect(during(20, { ...held, reason: "held by bob" })).toHaveLength(3);
    expect(during(10, { ...held, reason: "held by bob" }).at(-1)).toBe("a topic is held held by bob");
  });

  test("what is undone meanwhile is not told", () => {
    const during = following();
    during(5, { state: "pending", reason: "a" });
    during(5, { state: "pending", reason: "b" });
    expect(during(60, { state: "pending", reason: "a" })).toEqual(["a topic waits a"]);
  });
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
