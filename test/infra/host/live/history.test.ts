import { expect, test } from "bun:test";
import { createHistory, historyStepMs } from "../../../../infra/host/live/history.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";

const moved = (topic: string, indexed: number, lag = 0) =>
  topicStatus({
    topic,
    counts: { indexed, duplicate: 0, deadLettered: 0, skipped: 0 },
    partitions: [partitionStatus({ lag })],
  });

test("rates are what moved between two samples; the first one knows none", () => {
  const history = createHistory();
  history.sample([moved("a", 1_000, 7), moved("b", 50)], 0);
  history.sample([moved("a", 2_000, 5), moved("b", 60, 1)], 5_000);
  expect(history.of("a")).toEqual({ endMs: 5_000, stepMs: historyStepMs, rate: [0, 200], lag: [7, 5] });
  expect(history.total).toMatchObject({ rate: [0, 202], lag: [7, 6] });
  expect([history.rateOf("b"), history.rate, history.rateOf("unknown")]).toEqual([2, 202, 0]);
  expect(history.of("unknown")).toBeNull();
});

test("a topic that came back counts from nothing; one that is gone is forgotten", () => {
  const history = createHistory();
  history.sample([moved("a", 1_000), moved("b", 1)], 0);
  history.sample([moved("a", 10)], 5_000);
  expect(history.of("a")?.rate).toEqual([0, 2]);
  expect(history.of("b")).toBeNull();
});

test("a quarter of an hour is kept, the newest last", () => {
  const history = createHistory();
  for (let step = 0; step <= 200; step += 1) history.sample([moved("a", step * step * 5)], step * 5_000);
  const rate = history.of("a")?.rate ?? [];
  expect(rate).toHaveLength(180);
  expect(rate.at(-1)).toBe(399);
  expect(rate[0]).toBe(2 * 21 - 1);
});
