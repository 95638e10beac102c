import { expect, test } from "bun:test";
import { lagOf, movedOf, waitingSince } from "../../../../infra/host/topic/topic-figures.ts";
import { partitionStatus } from "../../../support/topic-status.ts";

test("the lag is that of the owned partitions whose lag is known", () => {
  const partitions = [
    partitionStatus({ lag: 3 }),
    partitionStatus({ partition: 1, lag: 4 }),
    partitionStatus({ partition: 2, lag: null }),
    partitionStatus({ partition: 3, lag: 100, owned: false }),
  ];
  expect(lagOf(partitions)).toBe(7);
  expect(lagOf(partitions.slice(2))).toBeNull();
  expect(lagOf([])).toBeNull();
});

test("whatever has an outcome has moved", () => {
  expect(movedOf({ indexed: 1, duplicate: 20, deadLettered: 300, skipped: 4_000 })).toBe(4_321);
});

test("what waits longest is an owned partition with lag", () => {
  const others = [
    partitionStatus({ lag: 1, progressAt: 10, owned: false }),
    partitionStatus({ lag: 0, progressAt: 20 }),
    partitionStatus({ lag: null, progressAt: 30 }),
    partitionStatus({ lag: 1, progressAt: null }),
  ];
  expect(waitingSince(others)).toBeNull();
  const waiting = [partitionStatus({ lag: 1, progressAt: 60 }), partitionStatus({ lag: 9, progressAt: 50 })];
  expect(waitingSince([...others, ...waiting])).toBe(50);
});
