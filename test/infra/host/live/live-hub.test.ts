import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createHistory } from "../../../../infra/host/live/history.ts";
import { createLiveHub, type LiveHub } from "../../../../infra/host/live/live-hub.ts";
import type { TopicStatus } from "../../../../lib/rules/status.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";
import { ready } from "../http/fixture.ts";

let statuses: TopicStatus[] = [];
let at = 0;
let looks = 0;
let samples = 0;
let hub: LiveHub;

beforeEach(() => {
  jest.useFakeTimers();
  statuses = [topicStatus({ topic: "a" }), topicStatus({ topic: "b" })];
  looks = 0;
  const history = createHistory();
  hub = createLiveHub({
    history,
    topics: () => {
      samples += 1;
      return statuses;
    },
    now: () => at,
    look: () => {
      looks += 1;
      at += 1;
      return {
        at,
        startedAt: 0,
        statuses,
        health: ready,
        inFlight: { bytes: 0, maxBytes: 1 },
        sources: [],
        reconciled: null,
        history,
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

test("a page that comes later starts from what the others know", () => {
  const first = listen({ view: "topics" });
  statuses = [topicStatus({ topic: "a" })];
  const second = listen({ view: "topics" });
  jest.advanceTimersByTime(1_000);
  expect(first.heard.at(-1)?.[1]).toMatchObject({ gone: ["b"] });
  expect(second.heard.at(-1)?.[1]).toMatchObject({ gone: ["b"] });
});

test("the overview and a topic are told when something in them changed", () => {
  const overview = listen({ view: "overview" });
  const topic = listen({ view: "topic", topic: "a" });
  jest.advanceTimersByTime(3_000);
  // Once more than at the beginning: what is compared is what was told at a tick.
  expect(overview.heard.length).toBeLessThanOrEqual(2);
  const told = overview.heard.length;
  statuses = [topicStatus({ topic: "a", state: "stalled" })];
  jest.advanceTimersByTime(1_000);
  expect(overview.heard).toHaveLength(told + 1);
  expect(overview.heard.at(-1)?.[1]).toMatchObject({
    states: { running: 0, stalled: 1 },
    attention: [{ topic: "a", state: "stalled" }],
  });
  expect(topic.heard.at(-1)?.[1]).toMatchObject({ status: { state: "stalled" } });
});

test("nobody looks: nothing is worked out, but for a sample every five seconds", () => {
  const { end } = listen({ view: "topics" });
  jest.advanceTimersByTime(2_000);
  end();
  [looks, samples] = [0, 0];
  jest.advanceTimersByTime(10_000);
  expect([looks, samples]).toEqual([0, 2]);
});
