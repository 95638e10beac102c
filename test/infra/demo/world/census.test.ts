import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { compareCensus, type Position, type Span } from "../../../../infra/demo/world/census.ts";

const spans: Span[] = [
  { partition: 0, start: 2, end: 4 },
  { partition: 1, start: 0, end: 1 },
];
const complete: Position[] = [
  { partition: 0, offset: 2, documents: 1 },
  { partition: 0, offset: 3, documents: 1 },
  { partition: 1, offset: 0, documents: 1 },
];

describe("compareCensus", () => {
  test("one document for each offset is exact", () => {
    expect(compareCensus(spans, complete)).toEqual({
      offsets: 3,
      documents: 3,
      missing: 0,
      doubled: 0,
      strays: 0,
      exact: true,
    });
  });

  test("a gap and a double do not cancel each other out", () => {
    const [first, second] = complete;
    const positions = [...(first ? [first] : []), { partition: 0, offset: 3, documents: 2 }];
    expect(second?.offset).toBe(3);
    expect(compareCensus(spans, positions)).toMatchObject({
      offsets: 3,
      documents: 3,
      missing: 1,
      doubled: 1,
      exact: false,
    });
  });

  test("documents before the start or of an unknown partition are strays", () => {
    const strays = [
      { partition: 0, offset: 1, documents: 1 },
      { partition: -1, offset: -1, documents: 2 },
    ];
    expect(compareCensus(spans, [...complete, ...strays])).toMatchObject({
      documents: 3,
      strays: 3,
      exact: false,
    });
  });

  test("documents newer than the end are ignored", () => {
    const newer = { partition: 0, offset: 4, documents: 1 };
    expect(compareCensus(spans, [...complete, newer])).toMatchObject({ documents: 3, exact: true });
  });

  test("exact only if every offset has exactly one document", () => {
    const counts = fc.array(fc.nat(3), { maxLength: 30 });
    fc.assert(
      fc.property(counts, fc.nat(5), (documentsByOffset, start) => {
        const span = { partition: 0, start, end: start + documentsByOffset.length };
        const positions = documentsByOffset.map((documents, at) => ({
          partition: 0,
          offset: start + at,
          documents,
        }));
        const found = positions.filter(({ documents }) => documents > 0);
        expect(compareCensus([span], found).exact).toBe(documentsByOffset.every((count) => count === 1));
      }),
    );
  });
});
