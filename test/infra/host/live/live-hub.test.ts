import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createHistory } from "../../../../infra/host/live/history.ts";
import { createLiveHub, type LiveHub } from "../../../../infra/host/live/live-hub.ts";
import type { TopicStatus } from "../../../../lib/rules/progress/status.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import {
  listedTopic,
  partitionStatus,
  sampleOf,
  targetStatus,
  topicStatus,
} from "../../../support/topic-status.ts";
import { ready } from "../http/fixture.ts";

let statuses: TopicStatus[] = [];
let at = 0;
let looks = 0;
let samples = 0;
/** Topics whose targets are asked about, because somebody looks at them. */
let lookedAt: string[] = [];
let hub: LiveHub;
let failures: ReturnType<typeof createMemoryLogger>;
/** Stands for a fault of ours in whatever reads the host's memory. */
let isBroken = false;

beforeEach(() => {
  jest.useFakeTimers();
  statuses = [topicStatus({ topic: "a" }), topicStatus({ topic: "b" })];
  [at, looks, samples, lookedAt, isBroken] = [0, 0, 0, [], false];
  failures = createMemoryLogger();
  const history = createHistory();
  hub = createLiveHub({
    about: { name: "machine", version: "1.2.3" },
    history,
    figures: () => {
      samples += 1;
      if (isBroken) throw new Error("topics broke");
      return statuses.map(sampleOf);
    },
    now: () => at,
    monotonicMs: () => Date.now(),
    failures,
    look: () => {
      looks += 1;
      if (isBroken) throw new Error("look broke");
      at += 1;
      return {
        at,
        startedAt: 0,
        deadLetteredAt: null,
        massStop: null,
        statuses,
        health: ready,
        inFlight: { bytes: 0, maxBytes: 1 },
        sources: [],
        reconciled: null,
        history,
        owners: () => null,
        listed: (some) =>
          some.map((status) => {
            lookedAt.push(status.topic);
            return listedTopic({ ...status, target: targetStatus() });
          }),
      };
    },
  });
});
afterEach(() => {
  hub.stop();
  jest.useRealTimers();
});

/** What one page hears. */
function listen(subject: Parameters<LiveHub["subscribe"]>[0]) {
  const heard: [string, Record<string, unknown>][] = [];
  const end = hub.subscribe(subject, (event, message) => heard.push([event, { ...message }]));
  return { heard, end };
}

test("the table's first message is all of it, then only what changed is told", () => {
  const { heard } = listen({ view: "topics" });
  expect(heard.map(([event]) => event)).toEqual(["topics"]);
  jest.advanceTimersByTime(1_000);
  expect(heard).toHaveLength(1);

  statuses = [
    topicStatus({ topic: "b", partitions: [partitionStatus({ lag: 3 })] }),
    topicStatus({ topic: "c", state: "failed", reason: "no" }),
  ];
  jest.advanceTimersByTime(1_000);
  expect(heard).toHaveLength(2);
  expect(heard[1]).toMatchObject([
    "changes",
    {
      stepped: false,
      gone: ["a"],
      rows: [
        ["b", { lag: 3 }],
        ["c", { topic: "c", state: "failed" }],
      ],
    },
  ]);
});

test("a page that comes later starts from what the others are told then", () => {
  const first = listen({ view: "topics" });
  statuses = [topicStatus({ topic: "a" })];
  const second = listen({ view: "topics" });
  expect(first.heard.at(-1)).toMatchObject(["changes", { gone: ["b"] }]);
  expect(second.heard[0]?.[1]["rows"]).toMatchObject([{ topic: "a" }]);
  jest.advanceTimersByTime(1_000);
  expect([first.heard.length, second.heard.length]).toEqual([2, 1]);
});

test("a step is told once to each, and not to a page that came with it", () => {
  jest.advanceTimersByTime(500);
  const first = listen({ view: "topics" });
  // Between two ticks, as the sampler does not wait for them.
  jest.advanceTimersByTime(4_600);
  const second = listen({ view: "topics" });
  jest.advanceTimersByTime(3_000);
  const steps = ({ heard }: typeof first) =>
    heard.filter(([, message]) => message["stepped"] === true).length;
  expect([samples, steps(first), steps(second)]).toEqual([1, 1, 0]);
  jest.advanceTimersByTime(3_000);
  expect([samples, steps(first), steps(second)]).toEqual([2, 2, 1]);
});

const running = () => [topicStatus({ topic: "a" })];
const stalled = () => [topicStatus({ topic: "a", state: "stalled" })];

test.each([{ view: "overview" }, { view: "topic", topic: "a" }] as const)(
  "what was otherwise for a moment, when a page came, does not stay so for it: %p",
  (subject) => {
    statuses = running();
    const first = listen(subject);
    jest.advanceTimersByTime(2_000);
    statuses = stalled();
    const second = listen(subject);
    statuses = running();
    jest.advanceTimersByTime(1_000);
    const plain = ([, { at: _at, ...rest }]: (typeof first)["heard"][number]) => rest;
    expect(second.heard).toHaveLength(2);
    expect(second.heard.slice(-1).map(plain)).toEqual(first.heard.slice(0, 1).map(plain));
  },
);

test("the overview and a topic are told when something in them changed", () => {
  const overview = listen({ view: "overview" });
  const topic = listen({ view: "topic", topic: "a" });
  jest.advanceTimersByTime(3_000);
  // Once more than at the beginning: what is compared is what was told at a tick.
  expect([overview.heard.length, topic.heard.length]).toEqual([2, 2]);
  statuses = [topicStatus({ topic: "a", state: "stalled" })];
  jest.advanceTimersByTime(1_000);
  expect(overview.heard).toHaveLength(3);
  expect(overview.heard.at(-1)?.[1]).toMatchObject({
    states: { running: 0, stalled: 1 },
    attention: [{ topic: "a", state: "stalled" }],
  });
  expect(topic.heard.at(-1)?.[1]).toMatchObject({ status: { state: "stalled" } });
});

test.each([{ view: "overview" }, { view: "topics" }, { view: "topic", topic: "a" }] as const)(
  "nobody looks: nothing is worked out, but for a sample every five seconds: %p",
  (subject) => {
    const pages = [listen(subject), listen(subject)];
    jest.advanceTimersByTime(2_000);
    pages[0]?.end();
    looks = 0;
    jest.advanceTimersByTime(1_000);
    expect(looks).toBe(1);
    pages[1]?.end();
    [looks, samples] = [0, 0];
    jest.advanceTimersByTime(10_000);
    expect([looks, samples]).toEqual([0, 2]);
    // Who comes then is told how it is now.
    statuses = stalled();
    const { heard } = listen(subject);
    expect(heard).toHaveLength(1);
    expect(JSON.stringify(heard)).toContain("stalled");
    jest.advanceTimersByTime(1_000);
    expect(looks).toBe(2);
  },
);

test("only the page of a topic shows what its target holds, so only it asks", () => {
  listen({ view: "overview" });
  listen({ view: "topics" });
  jest.advanceTimersByTime(3_000);
  expect(lookedAt).toEqual([]);
  const { heard } = listen({ view: "topic", topic: "b" });
  expect(heard[0]?.[1]).toMatchObject({ status: { topic: "b", target: { generations: 5 } } });
  expect(lookedAt).toEqual(["b"]);
});

test("a page that ends twice does not end those that came after it", () => {
  const first = listen({ view: "topic", topic: "a" });
  first.end();
  const second = listen({ view: "topic", topic: "a" });
  first.end();
  statuses = stalled();
  jest.advanceTimersByTime(1_000);
  expect(second.heard.at(-1)?.[1]).toMatchObject({ status: { state: "stalled" } });
});

test("a fault in a sample or a tick is logged, and the next one tries again", () => {
  const { heard } = listen({ view: "topics" });
  isBroken = true;
  jest.advanceTimersByTime(5_000);
  const told = failures.lines.map(({ level, fields }) => [level, fields?.["reason"], fields?.["error"]]);
  expect(told).toContainEqual(["error", "live_fault", "topics broke"]);
  expect(told).toContainEqual(["error", "live_fault", "look broke"]);
  isBroken = false;
  statuses = stalled();
  jest.advanceTimersByTime(1_000);
  expect(heard.at(-1)).toMatchObject(["changes", { gone: ["b"] }]);
});

test("the host's clock is set back: rates go by the other one", () => {
  const counts = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
  statuses = [topicStatus({ topic: "a", counts })];
  jest.advanceTimersByTime(5_000);
  at -= 6_000;
  statuses = [topicStatus({ topic: "a", counts: { ...counts, indexed: 5_000 } })];
  jest.advanceTimersByTime(5_000);
  expect(listen({ view: "overview" }).heard[0]?.[1]).toMatchObject({
    rate: 1_000,
    history: { endMs: -6_000, rate: [0, 1_000] },
  });
});
