import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { newestSpans } from "../../../../lib/rules/trial/newest-spans.ts";

const spans = (ranges: [number, number][], wanted: number) =>
  Object.fromEntries(
    [
      ...newestSpans(new Map(ranges.map(([start, end], partition) => [partition, { start, end }])), wanted),
    ].map(([partition, { start, end }]) => [partition, [start, end]]),
  );

test("each partition gives an equal share of its newest, and the longer ones what a shorter one lacks", () => {
  expect(
    spans(
      [
        [0, 100],
        [0, 100],
      ],
      10,
    ),
  ).toEqual({ 0: [95, 100], 1: [95, 100] });
  expect(
    spans(
      [
        [0, 100],
        [97, 100],
        [5, 5],
      ],
      10,
    ),
  ).toEqual({ 0: [93, 100], 1: [97, 100] });
  expect(
    spans(
      [
        [0, 2],
        [8, 9],
      ],
      10,
    ),
  ).toEqual({ 0: [0, 2], 1: [8, 9] });
  expect(spans([[0, 9]], 0)).toEqual({});
});

test("takes exactly as many as wanted or, if there are fewer, all", () => {
  const ranges = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { maxLength: 9 });
  fc.assert(
    fc.property(ranges, fc.nat(200), (some, wanted) => {
      const logs = some.map(([start, length]): [number, number] => [start, start + length]);
      const taken = Object.values(spans(logs, wanted)).map(([start = 0, end = 0]) => end - start);
      const all = some.reduce((sum, [, length]) => sum + length, 0);
      expect(taken.reduce((sum, count) => sum + count, 0)).toBe(Math.min(wanted, all));
    }),
  );
});
