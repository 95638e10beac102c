import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createOffsetRanges } from "../../../../lib/rules/audit/offset-ranges.ts";

describe("offset ranges", () => {
  test("consecutive offsets make one range, until the label changes", () => {
    const builder = createOffsetRanges(10);
    builder.add(3, "a");
    builder.add(4, "a");
    builder.add(5, "b");
    builder.add(9, "b");
    expect(builder.build()).toEqual({
      ranges: [
        { start: 3, end: 5, label: "a" },
        { start: 5, end: 6, label: "b" },
        { start: 9, end: 10, label: "b" },
      ],
      rangeCount: 3,
      offsetCount: 4,
      hull: { start: 3, end: 10 },
    });
  });

  test("nothing added: no ranges and no hull", () => {
    expect(createOffsetRanges(1).build()).toEqual({ ranges: [], rangeCount: 0, offsetCount: 0, hull: null });
  });

  test("any offsets: all are counted, and the kept ranges are the first ones", () => {
    const offsets = fc
      .uniqueArray(fc.nat(60), { maxLength: 40 })
      .map((list) => list.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(offsets, fc.nat(5), (added, keep) => {
        const builder = createOffsetRanges(keep);
        for (const offset of added) builder.add(offset);
        const { ranges, rangeCount, offsetCount, hull } = builder.build();
        const starts = added.filter((offset) => !added.includes(offset - 1));
        const ends = added.filter((offset) => !added.includes(offset + 1)).map((offset) => offset + 1);
        const all = starts.map((start, at) => ({ start, end: ends[at] ?? -1, label: "" }));
        expect(offsetCount).toBe(added.length);
        expect(rangeCount).toBe(all.length);
        expect(ranges).toEqual(all.slice(0, keep));
        expect(hull).toEqual(
          added.length === 0 ? null : { start: Math.min(...added), end: Math.max(...added) + 1 },
        );
      }),
    );
  });
});
