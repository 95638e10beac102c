import { expect, test } from "bun:test";
import { createStandStillWatch } from "../../../../lib/rules/progress/stand-still.ts";

/** For each tick, with these beats: whether the watch reports `over`. */
function ticks(beats: readonly number[], limit: number, stop?: { at: number; within: number }) {
  const watch = createStandStillWatch(limit);
  return beats.map((beat, tick) => {
    if (tick === stop?.at) watch.stopWithin(stop.within);
    return watch.tick(beat).over;
  });
}

test("a loop that turns is left alone, even if it is slow", () => {
  expect(ticks([0, 1, 1, 1, 2, 2, 2, 3], 3)).not.toContain(true);
});

test("a loop that stands still is detected after the limit, even from its first tick", () => {
  expect(ticks([5, 6, 6, 6, 6], 3)).toEqual([false, false, false, false, true]);
  expect(ticks([0, 0, 0, 0], 3)).toEqual([false, false, false, true]);
});

test("a suspended process counts as one tick without a beat, whatever the clock says", () => {
  expect(ticks([1, 2, 2, 3, 4], 3)).not.toContain(true);
});

test("a stop is overdue three ticks after its deadline, whether the loop turns or not", () => {
  const late = [false, false, false, false, false, false, true];
  expect(ticks([0, 1, 2, 3, 4, 5, 6], 30, { at: 1, within: 2 })).toEqual(late);
  expect(ticks([0, 1, 1, 1, 1, 1, 1], 30, { at: 1, within: 2 })).toEqual(late);
});
