import { expect, test } from "bun:test";
import {
  countIn,
  momentsOf,
  movedSelection,
  slotsOf,
  zoomOf,
} from "../../../../../../infra/console/app/explore/results/histogram-slots.ts";

const minute = 60_000;
const levels = { error: [[11 * minute, 2]] as [number, number][], warn: [], info: [], debug: [] };
const bounds = { fromMs: 10 * minute + 30_000, toMs: 14 * minute + 10_000 };
const slots = slotsOf(
  {
    intervalMs: minute,
    bars: [
      [11 * minute, 5],
      [13 * minute, 20],
    ],
    levels,
  },
  bounds.fromMs,
  bounds.toMs,
);

test("empty bars are there too, from the one that holds the beginning to the one that holds the end", () => {
  expect(slots).toMatchObject({
    startMs: 10 * minute,
    intervalMs: minute,
    counts: [0, 5, 0, 20, 0],
    highest: 20,
    levels: { error: [0, 2, 0, 0, 0], warn: [0, 0, 0, 0, 0] },
  });
});

test("bars beyond the span, and a span of nothing, do no harm", () => {
  expect(slotsOf({ intervalMs: minute, bars: [[99 * minute, 1]], levels }, 0, minute).counts).toEqual([0, 0]);
  expect(slotsOf({ intervalMs: minute, bars: [], levels }, 5, 5)).toMatchObject({ counts: [0], highest: 0 });
  expect(slotsOf({ intervalMs: 1, bars: [], levels }, 0, 1e12).counts.length).toBe(1_000);
});

test("marked bars are moments, whichever way they were marked, never beyond what was searched", () => {
  expect(momentsOf(slots, { anchor: 3, head: 1 }, bounds)).toEqual({
    fromMs: 11 * minute,
    toMs: 14 * minute - 1,
  });
  expect(zoomOf(slots, { anchor: 0, head: 4 }, bounds)).toEqual({
    from: "1970-01-01T00:10:30.000Z",
    to: "1970-01-01T00:14:10.000Z",
  });
  expect(countIn(slots.counts, { anchor: 3, head: 1 })).toBe(25);
});

test("arrow keys mark the newest bar first, move the mark, or widen it, and stop at the ends", () => {
  const first = movedSelection(null, -1, false, 5);
  expect(first).toEqual({ anchor: 4, head: 4 });
  expect(movedSelection(first, 1, false, 5)).toEqual({ anchor: 4, head: 4 });
  const wider = movedSelection(first, -1, true, 5);
  expect(wider).toEqual({ anchor: 4, head: 3 });
  expect(movedSelection(wider, -1, false, 5)).toEqual({ anchor: 2, head: 2 });
  expect(movedSelection({ anchor: 0, head: 0 }, -1, true, 5)).toEqual({ anchor: 0, head: 0 });
});
