import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { backoffMs } from "../../../../lib/rules/base/backoff.ts";

const rule = { initialMs: 200, maxMs: 10_000 };

test("doubles with each failure up to the limit, half of it jitter", () => {
  expect([1, 2, 3, 6, 7, 8].map((attempt) => backoffMs(rule, attempt, 0))).toEqual([
    100, 200, 400, 3200, 5000, 5000,
  ]);
  expect([1, 2, 3].map((attempt) => backoffMs(rule, attempt, 0.5))).toEqual([150, 300, 600]);
});

test("stays between half of the ceiling and the ceiling after any number of failures", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const ceilingMs = Math.min(rule.maxMs, rule.initialMs * 2 ** (attempt - 1));
        const waitMs = backoffMs(rule, attempt, random);
        expect(waitMs).toBeGreaterThanOrEqual(ceilingMs / 2);
        expect(waitMs).toBeLessThanOrEqual(ceilingMs);
      },
    ),
  );
});
