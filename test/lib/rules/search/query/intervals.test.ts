import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { barIntervalMs, maxBars } from "../../../../../lib/rules/search/query/intervals.ts";

const day = 86_400_000;
const end = Date.UTC(2026, 2, 4, 12, 0, 7, 123);

test.each([
  [0, 1],
  [50, 1],
  [900_000, 30_000],
  [3_600_000, 120_000],
  [day, 1_800_000],
  [7 * day, 3 * 3_600_000],
])("a span of %d ms has bars of %d ms", (spanMs, intervalMs) => {
  expect(barIntervalMs(end - spanMs, end)).toBe(intervalMs);
});

test("no span has more than the maximum of bars", () => {
  const moment = fc.integer({ min: 0, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(moment, moment, fc.integer({ min: 0, max: 14 }), (a, b, digits) => {
      const fromMs = Math.min(a, b);
      const toMs = fromMs + (Math.abs(a - b) % 10 ** digits);
      const intervalMs = barIntervalMs(fromMs, toMs);
      const bars = Math.floor(toMs / intervalMs) - Math.floor(fromMs / intervalMs) + 1;
      expect(bars).toBeLessThanOrEqual(maxBars);
      expect(Number.isSafeInteger(intervalMs)).toBe(true);
    }),
  );
  expect(barIntervalMs(0, 253_402_300_799_999)).toBeGreaterThan(365 * day);
});
