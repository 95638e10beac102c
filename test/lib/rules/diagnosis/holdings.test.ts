import { describe, expect, test } from "bun:test";
import {
  deletesByAge,
  heldText,
  judgeHoldings,
  judgeLateReading,
} from "../../../../lib/rules/diagnosis/holdings.ts";
import { absentHoldings, type Holdings, unknownHoldings } from "../../../../lib/rules/progress/holdings.ts";

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 30);
const stream: Holdings = { ...absentHoldings(), kind: "data stream", generations: 2, retentionMs: 7 * dayMs };

test("only a stream with a retention and dated indices with documents delete by age", () => {
  const dated: Holdings = { ...stream, kind: "dated indices", retentionMs: null, from: 5 };
  const deletes = [
    stream,
    { ...stream, retentionMs: null },
    dated,
    { ...dated, from: null },
    absentHoldings(),
  ];
  expect(deletes.map(deletesByAge)).toEqual([true, false, true, false, false]);
});

test("what is held follows the sentence about a target", () => {
  expect(heldText({ ...stream, documents: null, bytes: null })).toBe(": 2 generations, keeps 7 days");
  expect(heldText(stream, "; so far ")).toBe("; so far 2 generations, 0 B, 0 documents, keeps 7 days");
  expect([undefined, absentHoldings(), unknownHoldings("no")].map((one) => heldText(one))).toEqual([
    "",
    "",
    "",
  ]);
});

test("what is not known of targets is said once", () => {
  expect(judgeHoldings(new Map([["logs", stream]]))).toEqual([]);
  const held = new Map([
    ["a", unknownHoldings("the index privilege monitor is missing on a")],
    ["b", unknownHoldings("no")],
    ["logs", stream],
  ]);
  expect(judgeHoldings(held)).toMatchObject([
    {
      state: "skipped",
      seen: "not all is known of a: the index privilege monitor is missing on a; and 1 more target",
    },
  ]);
});

describe("late reading", () => {
  const held = new Map([["logs", stream]]);
  const judged = (oldestUnreadAt: number | null | { unknown: string }, others = 0) =>
    judgeLateReading([{ topic: "app", index: "logs", oldestUnreadAt }], held, now, others);

  test("is a warning with both numbers and a remedy", () => {
    expect(judged(now - 9 * dayMs)).toMatchObject([
      {
        name: "late reading of app",
        state: "warning",
        seen: "the oldest unread record is 9 days old, but logs keeps only 7 days: documents of that time may be deleted already",
        remedy: expect.stringContaining("more hosts"),
      },
    ]);
  });

  test("is none if all is read in time, of those that were looked at", () => {
    const seen = "no topic is read later than its target keeps documents";
    expect(judged(null)).toMatchObject([{ state: "ok", seen }]);
    expect(judged(now - 6 * dayMs, 4)).toMatchObject([
      { state: "ok", seen: `${seen}; 4 more topics not looked at` },
    ]);
    expect(judgeLateReading([], held, now, 0)).toEqual([]);
  });

  test("may be unknown", () => {
    expect(judged({ unknown: "no answer in time" })).toMatchObject([
      { state: "skipped", seen: "how late it is could not be found out: no answer in time" },
    ]);
  });
});
