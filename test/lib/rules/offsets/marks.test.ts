import { expect, test } from "bun:test";
import { beginningAt, marksOfOtherLog, movedMarks } from "../../../../lib/rules/offsets/marks.ts";

test("going back: everything below the former position may have been sent, also when it goes further back meanwhile", () => {
  const once = movedMarks(null, { order: "a", from: 1000, to: 100 });
  expect(once).toEqual({ order: "a", from: null, below: 1000, skipped: [] });
  expect(movedMarks(once, { order: "b", from: 200, to: 50 })).toMatchObject({ order: "b", below: 1000 });
  expect(movedMarks(once, { order: "b", from: 300, to: 400 })).toMatchObject({ below: 1000 });
  expect(movedMarks(once, { order: "b", from: 300, to: 1000 })).toMatchObject({ below: null });
});

test("going forward skips, and going back over it reads it after all", () => {
  const one = movedMarks(null, { order: "a", from: 10, to: 20 });
  expect(one).toEqual({ order: "a", from: null, below: null, skipped: [{ from: 10, to: 20 }] });
  const two = movedMarks(one, { order: "b", from: 30, to: 40 });
  expect(two.skipped).toEqual([
    { from: 10, to: 20 },
    { from: 30, to: 40 },
  ]);
  expect(movedMarks(two, { order: "c", from: 15, to: 35 }).skipped).toEqual([{ from: 10, to: 40 }]);
  expect(movedMarks(two, { order: "c", from: 50, to: 35 }).skipped).toEqual([
    { from: 10, to: 20 },
    { from: 30, to: 35 },
  ]);
  expect(movedMarks(two, { order: "c", from: 50, to: 10 }).skipped).toEqual([]);
});

test("of many skipped ranges, the last ones are kept", () => {
  let marks = beginningAt(0);
  for (let n = 0; n < 30; n += 1) marks = movedMarks(marks, { order: "x", from: n * 10 + 1, to: n * 10 + 5 });
  expect(marks.skipped).toHaveLength(16);
  expect(marks.skipped.at(-1)).toEqual({ from: 291, to: 295 });
});

test("a group that began later accounts from where it goes back to", () => {
  expect(movedMarks(beginningAt(500), { order: "a", from: 900, to: 100 }).from).toBe(100);
  expect(movedMarks(beginningAt(500), { order: "a", from: 900, to: 700 }).from).toBe(500);
});

test("a replaced log keeps only the order that was carried out", () => {
  const marks = movedMarks(beginningAt(500), { order: "a", from: 900, to: 700 });
  expect(marksOfOtherLog(marks)).toEqual({ order: "a", from: null, below: null, skipped: [] });
  expect(marksOfOtherLog(beginningAt(1))).toBeNull();
});
