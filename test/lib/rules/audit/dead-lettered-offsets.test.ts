import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createBurials } from "../../../../lib/rules/audit/dead-lettered-offsets.ts";

describe("dead-lettered offsets", () => {
  test("any letters in any order: returns those between two offsets, sorted", () => {
    const letter = fc.record({
      topic: fc.constantFrom("a", "b"),
      partition: fc.nat(2),
      offset: fc.nat(300),
      timestamp: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 300 }), fc.nat(300), fc.nat(300), (letters, start, end) => {
        const builder = createBurials();
        for (const { topic, ...record } of letters) builder.add(topic, record);
        const own = letters.filter(({ topic, partition }) => topic === "a" && partition === 1);
        const expected = own.filter(({ offset }) => offset >= start && offset < end);
        const found = builder.of("a").between(1, start, end);
        expect(found.map(({ offset }) => offset)).toEqual(
          expected.map(({ offset }) => offset).toSorted((a, b) => a - b),
        );
        const text = (list: readonly { offset: number; timestamp: number }[]) =>
          list.map(({ offset, timestamp }) => `${offset} ${timestamp}`).sort();
        expect(text(found)).toEqual(text(expected));
        const above = own.map(({ offset }) => offset).filter((offset) => offset >= start);
        expect(builder.of("a").lowest(1, start)).toBe(above.length === 0 ? null : Math.min(...above));
      }),
    );
  });

  test("a letter added after reading is found too", () => {
    const builder = createBurials();
    builder.add("a", { partition: 0, offset: 5, timestamp: 1 });
    expect(builder.of("a").between(0, 0, 10)).toHaveLength(1);
    builder.add("a", { partition: 0, offset: 2, timestamp: 1 });
    const found = builder.of("a").between(0, 0, 10);
    expect(found.map(({ offset }) => offset)).toEqual([2, 5]);
  });

  test("letters for record batches cover their offsets, overlapping or not", () => {
    const builder = createBurials();
    for (const [start, end] of [
      [20, 25],
      [3, 6],
      [5, 9],
    ] as const)
      builder.addBatch("a", 1, { start, end });
    const letters = builder.of("a");
    const covered = Array.from({ length: 30 }, (_, offset) => offset).filter((offset) =>
      letters.inBatch(1, offset),
    );
    expect(covered).toEqual([3, 4, 5, 6, 7, 8, 20, 21, 22, 23, 24]);
    expect(letters.inBatch(0, 4)).toBe(false);
    expect([0, 4, 9, 25].map((from) => letters.lowest(1, from))).toEqual([3, 4, 20, null]);
  });

  test("are empty for a topic without letters", () => {
    expect(createBurials().of("a").between(0, 0, 10)).toEqual([]);
    expect(createBurials().of("a").lowest(0, 0)).toBeNull();
  });
});
