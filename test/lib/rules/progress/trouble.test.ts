import { expect, test } from "bun:test";
import { troubleOf, type TroubledInput } from "../../../../lib/rules/progress/trouble.ts";
import { partitionStatus } from "../../../support/topic-status.ts";

const since = "2026-11-22T12:00:00.000Z";
const retry = { code: "cluster_block", message: "blocked" } as const;
const told = (changes: Partial<TroubledInput>) =>
  troubleOf({
    state: "running",
    since,
    downSince: null,
    partitions: [],
    trouble: null,
    failures: 0,
    ...changes,
  });

test("a running topic whose records get their outcomes is in none", () => {
  expect(told({ partitions: [partitionStatus({ lag: 9 })] })).toBeNull();
});

test("a running topic that is tried again in vain is, from the first refused try on", () => {
  const partitions = [
    partitionStatus({ partition: 0, lag: 7, oldestUnreadAt: 2_000, deletableAt: 9_000 }),
    partitionStatus({ partition: 1, lag: 0 }),
    partitionStatus({ partition: 2, lag: 5, oldestUnreadAt: 1_000, deletableAt: 8_000 }),
    partitionStatus({ partition: 3, lag: 100, owned: false }),
  ];
  const trouble = { sinceMs: Date.parse(since) + 1_000, attempts: 4, retry };
  expect(told({ partitions, trouble })).toEqual({
    since: "2026-11-22T12:00:01.000Z",
    attempts: 4,
    code: "cluster_block",
    partitions: [0, 2],
    records: 12,
    oldestAt: 1_000,
    deletableAt: 8_000,
  });
});

test("a failed topic has been down since its first failure, across retries", () => {
  const downSince = "2026-11-22T11:00:00.000Z";
  expect(told({ state: "failed", downSince, failures: 3 })).toMatchObject({
    since: downSince,
    attempts: 3,
    code: null,
    records: null,
  });
});

test("nothing is wrong with a held topic", () => {
  expect(told({ state: "held", trouble: { sinceMs: 0, attempts: 1, retry } })).toBeNull();
});
