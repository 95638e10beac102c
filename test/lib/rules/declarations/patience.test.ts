import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  believedAtMs,
  lookAt,
  type Stillness,
  withLeaving,
} from "../../../../lib/rules/declarations/patience.ts";
import { declaration } from "../../../support/declarations.ts";

test("a removal takes effect at the first read, and later after a second without changes", () => {
  const first = lookAt(null, "a", 5_000);
  expect(believedAtMs(first, 5_000)).toBeNull();
  const changed = lookAt(first, "b", 6_000);
  expect(believedAtMs(changed, 6_000)).toBe(7_000);
  expect(believedAtMs(lookAt(changed, "b", 6_999), 6_999)).toBe(7_000);
  expect(believedAtMs(lookAt(changed, "b", 7_000), 7_000)).toBeNull();
  expect(believedAtMs(lookAt(changed, "a", 6_500), 6_500)).toBe(7_500);
});

test("a removal from a source that keeps changing takes effect after half a minute", () => {
  let still = lookAt(null, "start", 0);
  const waits: (number | null)[] = [];
  for (let now = 1_000; now <= 40_000; now += 500) {
    still = lookAt(still, String(now), now);
    waits.push(believedAtMs(still, now));
  }
  expect(waits.findIndex((wait) => wait === null)).toBe(60);
  expect(waits.slice(60)).toEqual(waits.slice(60).map(() => null));
});

test("the wait never exceeds a second without changes, whatever the clock does", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9_999 }), fc.constantFrom("a", "b"))),
      (looks) => {
        let still: Stillness | null = null;
        for (const [now, content] of looks) {
          still = lookAt(still, content, now);
          expect(believedAtMs(still, now) ?? now).toBeLessThanOrEqual(now + 1_000);
        }
      },
    ),
  );
});

test("additions and changes count at once, removed declarations until they leave", () => {
  const [a, b, c] = [declaration("a"), declaration("b"), declaration("c")];
  const changed = declaration("a", { path: "/new" });
  expect(withLeaving([a, b], [changed, c], 7_000)).toEqual([changed, c, { ...b, leavesAtMs: 7_000 }]);
  expect(withLeaving([a, { ...b, leavesAtMs: 7_000 }], [changed, b], 7_500)).toEqual([changed, b]);
  expect(withLeaving([a, b], [changed, c], null)).toEqual([changed, c]);
});
