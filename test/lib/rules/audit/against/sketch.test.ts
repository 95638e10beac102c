import { describe, expect, test } from "bun:test";
import { array, assert, nat, property } from "fast-check";
import { createDifferenceSketch, hashOf, numberOf } from "../../../../../lib/rules/audit/against/sketch.ts";

/** The difference of two multisets by content. */
function difference(ours: readonly string[], theirs: readonly string[], tableCells = 256) {
  const sketch = createDifferenceSketch(tableCells);
  for (const text of ours) sketch.add(hashOf(text), 1);
  for (const text of theirs) sketch.add(hashOf(text), -1);
  const found = sketch.differences();
  return found === null ? null : new Map(found.map((one) => [numberOf(one), one.count]));
}

describe("the difference of two multisets in constant memory", () => {
  test("is what both do not hold equally often", () => {
    assert(
      property(array(nat(40), { maxLength: 200 }), array(nat(40), { maxLength: 200 }), (ours, theirs) => {
        const expected = new Map<number, number>();
        for (const n of ours) expected.set(n, (expected.get(n) ?? 0) + 1);
        for (const n of theirs) expected.set(n, (expected.get(n) ?? 0) - 1);
        const named = [...expected]
          .filter(([, count]) => count !== 0)
          .map(([n, count]): [number, number] => [numberOf(hashOf(String(n))), count]);
        expect(difference(ours.map(String), theirs.map(String))).toEqual(new Map(named));
      }),
    );
  });

  test("is found among many that are equal", () => {
    const many = Array.from({ length: 50_000 }, (_, n) => `line ${n}`);
    const found = difference(many, [...many.slice(3), "line 9", "line 9", "unknown"]);
    const of = (text: string) => found?.get(numberOf(hashOf(text)));
    expect(found?.size).toBe(5);
    expect([of("line 0"), of("line 2"), of("line 9"), of("unknown")]).toEqual([1, 1, -2, -1]);
  });

  test("of three differences for four cells is found; of more than there are cells, the sketch says so", () => {
    const lines = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}`);
    expect(difference(lines(1_100), [], 512)?.size).toBe(1_100);
    expect(difference(lines(2_000), [], 512)).toBeNull();
  });
});
