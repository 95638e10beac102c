import { expect, test } from "bun:test";
import { createStepCounter } from "../../../../infra/host/history/step-counter.ts";
import { COARSE_STEP_MS, FINE_STEP_MS } from "../../../../lib/rules/history/series-store.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";

const status = (topic: string, indexed: number, lag: number | null = 0) =>
  topicStatus({
    topic,
    counts: { indexed, duplicate: 0, deadLettered: 0, skipped: 0 },
    partitions: [partitionStatus({ owned: true, lag })],
  });
const start = 60 * COARSE_STEP_MS;

test("each minute has what was counted since the last, without topics that did nothing", () => {
  const counter = createStepCounter("r");
  const count = (minute: number, ...topics: ReturnType<typeof status>[]) =>
    counter
      .count(topics, start + minute * FINE_STEP_MS)
      .filter(({ stepMs }) => stepMs === FINE_STEP_MS)
      .flatMap(({ topics: steps }) => steps.map(({ topic, indexed, lag }) => [topic, indexed, lag]));
  expect(count(0, status("a", 5), status("b", 0))).toEqual([["a", 5, 0]]);
  expect(count(1, status("a", 7), status("b", 0, 3))).toEqual([
    ["a", 2, 0],
    ["b", 0, 3],
  ]);
  // It was behind: an unknown lag is not 0. The minute was counted: its rest belongs to the next.
  expect(count(1, status("a", 9))).toEqual([]);
  expect(count(2, status("a", 9), status("b", 0, null))).toEqual([
    ["a", 2, 0],
    ["b", 0, null],
  ]);
  expect(count(3, status("a", 4), status("b", 0, 0), status("c", 0, null))).toEqual([["a", 4, 0]]);
  expect(count(4, status("a", 4))).toEqual([]);
});

test("ten minutes are told together at their end, or when the host stops", () => {
  const counter = createStepCounter("r");
  const longOnes = (minute: number, indexed: number, lag: number) =>
    counter
      .count([status("a", indexed, lag)], start + minute * FINE_STEP_MS)
      .filter(({ stepMs }) => stepMs === COARSE_STEP_MS);
  expect(longOnes(0, 1, 5)).toEqual([]);
  expect(longOnes(9, 3, 2)).toEqual([]);
  expect(longOnes(10, 7, 0)).toMatchObject([{ at: start, topics: [{ topic: "a", indexed: 3, lag: 5 }] }]);
  expect(counter.rest()).toMatchObject([
    { at: start + COARSE_STEP_MS, topics: [{ topic: "a", indexed: 4, lag: 0 }] },
  ]);
  expect(createStepCounter("r").rest()).toEqual([]);
});

test("many topics are told in parts", () => {
  const all = Array.from({ length: 2_500 }, (_, at) => status(`t${at}`, 1));
  const records = createStepCounter("r").count(all, start);
  expect(records.map(({ part, topics }) => [part, topics.length])).toEqual([
    [0, 1_000],
    [1, 1_000],
    [2, 500],
  ]);
});
