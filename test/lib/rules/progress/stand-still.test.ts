import { expect, test } from "bun:test";
import { createStandStillWatch } from "../../../../lib/rules/progress/stand-still.ts";

/** What becomes of these beats, one a tick. */
function ticks(beats: readonly number[], limit: number, stop?: { at: number; within: number }) {
  const watch = createStandStillWatch(limit);
  return beats.map((beat, tick) => {
    if (tick === stop?.at) watch.stopWithin(stop.within);
    return watch.tick(beat).over;
  });
}

test("a loop that turns is left alone, however slowly", () => {
  expect(ticks([0, 1, 1, 1, 2, 2, 2, 3], 3)).not.toContain(true);
});

test("one that stands still is found after the limit, from its first tick on", () => {
  expect(ticks([5, 6, 6, 6, 6], 3)).toEqual([false, false, false, false, true]);
  expect(ticks([0, 0, 0, 0], 3)).toEqual([false, false, false, true]);
});

test("a process that was suspended has stood still for one tick, whatever the clock says", () => {
  expect(ticks([1, 2, 2, 3, 4], 3)).not.toContain(true);
});

test("a stop is overdue three ticks after its deadline, whether the loop turns or not", () => {
  const late = [false, false, false, false, false, false, true];
  expect(ticks([0, 1, 2, 3, 4, 5, 6], 30, { at: 1, within: 2 })).toEqual(late);
  expect(ticks([0, 1, 1, 1, 1, 1, 1], 30, { at: 1, within: 2 })).toEqual(late);
});
