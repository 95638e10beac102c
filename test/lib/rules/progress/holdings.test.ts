import { describe, expect, test } from "bun:test";
import {
  absentHoldings,
  type Holdings,
  holdingsText,
  lateReading,
  oldestUnread,
} from "../../../../lib/rules/progress/holdings.ts";
import { partitionStatus } from "../../../support/topic-status.ts";

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 30, 12);
const stream: Holdings = {
  kind: "data stream",
  generations: 5,
  documents: 12_400_000,
  bytes: 3.1 * 1024 ** 3,
  from: Date.UTC(2026, 10, 1, 8, 5),
  to: Date.UTC(2026, 10, 30, 11, 59),
  retentionMs: 30 * dayMs,
  reason: null,
};

describe("reading that is late", () => {
  test("is late for a stream that keeps less, with both numbers", () => {
    const late = (ageMs: number, holdings: Holdings = stream) =>
      lateReading("logs", holdings, now - ageMs, now);
    expect(late(30 * dayMs)).toBeNull();
    expect(late(31.5 * dayMs)).toBe(
      "the oldest unread record is 31.5 days old, but logs keeps only 30 days: documents of that time may be deleted already",
    );
    expect(late(400 * dayMs, { ...stream, retentionMs: null })).toBeNull();
    expect(lateReading("logs", stream, null, now)).toBeNull();
  });

  test("is late for dated indices whose day is gone", () => {
    const dated: Holdings = {
      ...stream,
      kind: "dated indices",
      retentionMs: null,
      from: Date.UTC(2026, 10, 20, 10),
    };
    const late = (unreadAt: number, from: number | null = dated.from) =>
      lateReading("app-{yyyy.MM.dd}", { ...dated, from }, unreadAt, now);
    expect(late(Date.UTC(2026, 10, 2))).toBe(
      "the oldest unread record belongs to app-2026.11.02, but the earliest index with documents is app-2026.11.20: if older ones were deleted, they are created again",
    );
    // Of the same day, later, or unknown.
    expect(late(Date.UTC(2026, 10, 20, 1))).toBeNull();
    expect(late(Date.UTC(2026, 10, 21))).toBeNull();
    expect(late(Date.UTC(2026, 10, 2), null)).toBeNull();
    // Times that no index has a name for.
    expect(late(-5)).toBeNull();
    expect(late(Date.UTC(2026, 10, 2), 9e15)).toBeNull();
  });
});

test("the oldest unread record is that of an owned partition that is a minute behind", () => {
  const at = (oldestUnreadAt: number | null, owned = true) => partitionStatus({ oldestUnreadAt, owned });
  const partitions = [at(now - 70_000), at(now - 90_000), at(5, false), at(null)];
  expect(oldestUnread(partitions, "data stream", now)).toBe(now - 90_000);
  expect(oldestUnread([at(now - 59_000)], "data stream", now)).toBeNull();
  // Nothing of it was ever written, so no day of its records can have been deleted.
  const fresh = partitionStatus({ oldestUnreadAt: now - 99_000, committed: null });
  expect(oldestUnread([...partitions, fresh], "dated indices", now)).toBe(now - 90_000);
  expect(oldestUnread([...partitions, fresh], "data stream", now)).toBe(now - 99_000);
});

test("holdings in a sentence, without what is not known", () => {
  expect(holdingsText(stream)).toBe(
    "5 generations, 3.1 GiB, 12,400,000 documents from 2026-11-01 08:05 UTC to 2026-11-30 11:59 UTC, keeps 30 days",
  );
  expect(holdingsText({ ...stream, documents: null, bytes: null, retentionMs: null })).toBe(
    "5 generations, from 2026-11-01 08:05 UTC to 2026-11-30 11:59 UTC",
  );
  const index: Holdings = {
    ...absentHoldings(),
    kind: "index",
    generations: 1,
    documents: 1,
    from: 9e15,
    to: 9e15,
  };
  expect(holdingsText(index)).toBe(
    "0 B, 1 document from 9,000,000,000,000,000 ms to 9,000,000,000,000,000 ms",
  );
  expect(holdingsText({ ...index, kind: "alias", documents: 0, from: null })).toBe(
    "1 index, 0 B, 0 documents",
  );
});
