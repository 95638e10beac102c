import { expect, test } from "bun:test";
import { ProgressClock } from "../../../../infra/host/ledger/progress-clock.ts";

function lagging(): ProgressClock {
  const clock = new ProgressClock();
  clock.assigned(0, 100, 1_000);
  clock.observed(0, 5, 1_500);
  return clock;
}

test("a rebalance that gives a lagging partition back where it stood is no progress", () => {
  const clock = lagging();
  clock.assigned(0, 100, 50_000);
  expect(clock.progressAt(0)).toBe(1_000);
  clock.observed(0, 700, 51_000);
  clock.assigned(0, 100, 62_000);
  expect(clock.progressAt(0)).toBe(1_000);
});

test("nor is one whose lag was never learnt", () => {
  const clock = new ProgressClock();
  clock.assigned(0, null, 1_000);
  clock.assigned(0, null, 9_000);
  clock.observed(0, 3, 9_500);
  expect(clock.progressAt(0)).toBe(1_000);
});

test("somebody else who read on meanwhile made progress", () => {
  const clock = lagging();
  clock.assigned(0, 104, 50_000);
  expect(clock.progressAt(0)).toBe(50_000);
});

test("a partition that had caught up begins anew once there is lag again", () => {
  const clock = lagging();
  clock.committed(0, 105, 2_000);
  clock.observed(0, 0, 2_000);
  clock.observed(0, 1, 90_000);
  expect(clock.progressAt(0)).toBe(90_000);
  clock.observed(0, 0, 91_000);
  clock.assigned(0, 105, 200_000);
  expect(clock.progressAt(0)).toBe(200_000);
});

test("tells each partition apart, and when the topic last committed", () => {
  const clock = lagging();
  expect([clock.progressAt(1), clock.lastCommitMs]).toEqual([null, null]);
  clock.assigned(1, 0, 3_000);
  clock.committed(1, 4, 4_000);
  expect([clock.progressAt(0), clock.progressAt(1), clock.lastCommitMs]).toEqual([1_000, 4_000, 4_000]);
});
