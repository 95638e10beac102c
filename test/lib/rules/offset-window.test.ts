import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { OffsetWindow } from "../../../lib/rules/offset-window.ts";

test("begins at its position", () => {
  const window = new OffsetWindow(7);
  expect(window.committable).toBe(7);
  expect(window.pending).toBe(0);
});

describe("what lies between records", () => {
  test("counts as acknowledged before, between and after them", () => {
    const window = new OffsetWindow(0);
    window.expect([3, 5], 9);
    expect(window.committable).toBe(3);
    window.resolve(3);
    expect(window.committable).toBe(5);
    window.resolve(5);
    expect(window.committable).toBe(9);
  });

  test("counts where a fetch holds no record at all", () => {
    const window = new OffsetWindow(4);
    window.expect([], 12);
    expect(window.committable).toBe(12);
  });

  test("does not while a record before it has no outcome", () => {
    const window = new OffsetWindow(0);
    window.expect([0], 1);
    window.expect([], 10);
    expect(window.committable).toBe(0);
  });
});

test("a span that overlaps the former one never takes the end back", () => {
  const window = new OffsetWindow(10);
  window.expect([], 6);
  expect(window.committable).toBe(10);
});

test("an outcome told twice, or of a record nobody expects, changes nothing", () => {
  const window = new OffsetWindow(0);
  window.expect([0, 1, 2], 3);
  window.resolve(1);
  window.resolve(1);
  window.resolve(99);
  expect(window.committable).toBe(0);
  window.resolve(0);
  window.resolve(0);
  expect(window.committable).toBe(2);
  expect(window.pending).toBe(1);
});

test("a long run in any order of its halves ends at the end", () => {
  const window = new OffsetWindow(0);
  const offsets = Array.from({ length: 10_000 }, (_, offset) => offset);
  window.expect(offsets, 10_000);
  for (const offset of offsets) if (offset % 2 === 1) window.resolve(offset);
  expect(window.committable).toBe(0);
  expect(window.pending).toBe(10_000);
  for (const offset of offsets) if (offset % 2 === 0) window.resolve(offset);
  expect(window.committable).toBe(10_000);
  expect(window.pending).toBe(0);
});

test("is at every moment the smallest offset without outcome, else the end", () => {
  // Each fetch: the distances from record to record, and how far it reaches beyond its last one.
  const fetch = fc.record({
    gaps: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 }),
    tail: fc.nat(3),
  });
  // Each step: a fetch, or the place (modulo their number) of an unresolved record that gets its outcome.
  const step = fc.oneof(fetch, fc.nat());
  fc.assert(
    fc.property(fc.nat(100), fc.array(step, { maxLength: 60 }), (position, steps) => {
      const window = new OffsetWindow(position);
      const unresolved = new Set<number>();
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
          window.expect(offsets, end);
        }
        expect(window.committable).toBe(unresolved.size === 0 ? end : Math.min(...unresolved));
        expect(window.committable).toBeGreaterThanOrEqual(before);
        expect(window.pending).toBeGreaterThanOrEqual(unresolved.size);
        before = window.committable;
      }
    }),
    { numRuns: 200 },
  );
});
