import { expect, test } from "bun:test";
import { keptForMs, withDeletion } from "../../../../lib/rules/progress/retention.ts";
import { partitionStatus } from "../../../support/topic-status.ts";

const config = { retentionMs: 3_600_000, retentionBytes: -1, maxMessageBytes: null, cleanupPolicy: "delete" };

test.each([
  ["by time alone", {}, 3_600_000],
  ["for ever", { retentionMs: -1 }, null],
  ["by size too", { retentionBytes: 1e9 }, null],
  ["by key", { cleanupPolicy: "compact" }, null],
  ["by key and time", { cleanupPolicy: "compact,delete" }, null],
  ["with no known policy", { retentionMs: null, retentionBytes: null, cleanupPolicy: null }, null],
])("records are kept %s", (_, changes, ms) => {
  expect(keptForMs({ ...config, ...changes })).toBe(ms);
});

test("shows when waiting records may be deleted, for owned partitions that are a minute behind", () => {
  const now = 10_000_000;
  const partitions = [
    partitionStatus({ partition: 0, oldestUnreadAt: now - 60_000 }),
    partitionStatus({ partition: 1, oldestUnreadAt: now - 59_999 }),
    partitionStatus({ partition: 2, oldestUnreadAt: null }),
    partitionStatus({ partition: 3, oldestUnreadAt: 0, owned: false }),
  ];
  const deletable = (kept: number | null) =>
    withDeletion(partitions, kept, now).map(({ deletableAt }) => deletableAt);
  expect(deletable(100_000)).toEqual([now + 40_000, null, null, null]);
  expect(deletable(null)).toEqual([null, null, null, null]);
});
