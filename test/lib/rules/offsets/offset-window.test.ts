import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { OffsetWindow } from "../../../../lib/rules/offsets/offset-window.ts";
import { rounds } from "../../../support/rounds.ts";

/** Records at these offsets; each timestamp is derived from its offset. */
const at = (...offsets: readonly number[]) =>
  offsets.map((offset) => ({ offset, timestamp: 1_000 + offset }));

test("begins at its position", () => {
  const window = new OffsetWindow(7);
  expect(window.committable).toBe(7);
  expect(window.pending).toBe(0);
});

describe("a gap between records", () => {
  test("counts as acknowledged before, between and after them", () => {
    const window = new OffsetWindow(0);
    window.expect(at(3, 5), 9);
    expect(window.committable).toBe(3);
    window.resolve(3);
    expect(window.committable).toBe(5);
    window.resolve(5);
    expect(window.committable).toBe(9);
  });

  test("counts as acknowledged if a fetch has no record at all", () => {
    const window = new OffsetWindow(4);
    window.expect(at(), 12);
    expect(window.committable).toBe(12);
  });

  test("is not acknowledged while a record before it has no outcome", () => {
    const window = new OffsetWindow(0);
    window.expect(at(0), 1);
    window.expect(at(), 10);
    expect(window.committable).toBe(0);
  });
});

describe("the last record before the committable offset", () => {
  test("is the given one until another is passed", () => {
    const window = new OffsetWindow(10, { offset: 9, timestamp: 5 });
    window.expect(at(12), 20);
    expect(window.last).toEqual({ offset: 9, timestamp: 5 });
    window.resolve(12);
    expect(window.last).toEqual({ offset: 12, timestamp: 1_012 });
  });

  test("is kept when the passed part is freed", () => {
    const window = new OffsetWindow(0);
    const offsets = Array.from({ length: 3_000 }, (_, offset) => offset);
    window.expect(at(...offsets), 3_000);
    for (const offset of offsets) window.resolve(offset);
    expect(window.last).toEqual({ offset: 2_999, timestamp: 3_999 });
  });
});

test("a span that overlaps the previous one never moves the end back", () => {
  const window = new OffsetWindow(10);
  window.expect(at(), 6);
  expect(window.committable).toBe(10);
});

test("a repeated outcome, or one of an unexpected record, changes nothing", () => {
  const window = new OffsetWindow(0);
  window.expect(at(0, 1, 2), 3);
  window.resolve(1);
  window.resolve(1);
  window.resolve(99);
  expect(window.committable).toBe(0);
  window.resolve(0);
  window.resolve(0);
  expect(window.committable).toBe(2);
  expect(window.pending).toBe(1);
});

test("many records resolved out of order end at the log's end", () => {
  const window = new OffsetWindow(0);
  const offsets = Array.from({ length: 10_000 }, (_, offset) => offset);
  window.expect(at(...offsets), 10_000);
  for (const offset of offsets) if (offset % 2 === 1) window.resolve(offset);
  expect(window.committable).toBe(0);
  expect(window.pending).toBe(10_000);
  for (const offset of offsets) if (offset % 2 === 0) window.resolve(offset);
  expect(window.committable).toBe(10_000);
  expect(window.pending).toBe(0);
});

test("the committable offset is always the smallest one without an outcome, or else the end", () => {
  // Each fetch: the gaps before its records, and its length after the last one.
  const fetch = fc.record({
    gaps: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 }),
    tail: fc.nat(3),
  });
  // Each step: a fetch, or the index (modulo their number) of an unresolved record that gets its outcome.
  const step = fc.oneof(fetch, fc.nat());
  fc.assert(
    fc.property(fc.nat(100), fc.array(step, { maxLength: 60 }), (position, steps) => {
      const window = new OffsetWindow(position);
      const unresolved = new Set<number>();
      const all: number[] = [];
      let end = position;
      let before = position;
      for (const step of steps) {
        if (typeof step === "number") {
          const offset = [...unresolved][unresolved.size === 0 ? 0 : step % unresolved.size];
          if (offset === undefined) continue;
          unresolved.delete(offset);
          window.resolve(offset);
        } else {
          const offsets = step.gaps.map((gap) => {
            const offset = end + gap;
            end = offset + 1;
            return offset;
          });
          end += step.tail;
          for (const offset of offsets) unresolved.add(offset);
          window.expect(at(...offsets), end);
          all.push(...offsets);
        }
        expect(window.committable).toBe(unresolved.size === 0 ? end : Math.min(...unresolved));
        expect(window.committable).toBeGreaterThanOrEqual(before);
        const passed = all.findLast((offset) => offset < window.committable);
        expect(window.last).toEqual(at(...(passed === undefined ? [] : [passed]))[0] ?? null);
        expect(window.pending).toBeGreaterThanOrEqual(unresolved.size);
        before = window.committable;
      }
    }),
    { numRuns: rounds(200, 50) },
  );
});

test("knows the uncommitted records with an outcome, passed or not", () => {
  const window = new OffsetWindow(0);
  const offsets = Array.from({ length: 5_000 }, (_, offset) => offset);
  window.expect(
    offsets.map((offset) => ({ offset, timestamp: 7 })),
    5_000,
  );
  for (const offset of offsets) if (offset !== 4_000 && offset < 4_003) window.resolve(offset);
  const known = (): number[] => [...window.known()].map(({ offset }) => offset);
  expect(known()).toEqual(offsets.filter((offset) => offset !== 4_000 && offset < 4_003));
  window.committed(3_998);
  expect([...window.known()]).toEqual(
    [3_998, 3_999, 4_001, 4_002].map((offset) => ({ offset, timestamp: 7 })),
  );
  expect({ committable: window.committable, pending: window.pending, last: window.last }).toEqual({
    committable: 4_000,
    pending: 1_000,
    last: { offset: 3_999, timestamp: 7 },
  });
  window.resolve(4_000);
  window.committed(4_003);
  expect({ known: known(), last: window.last?.offset, pending: window.pending }).toEqual({
    known: [],
    last: 4_002,
    pending: 997,
  });
});
