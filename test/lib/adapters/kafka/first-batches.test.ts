import { describe, expect, test } from "bun:test";
import type { FetchedBatch } from "../../../../lib/adapters/kafka/fetched-batch.ts";
import { FirstBatches } from "../../../../lib/adapters/kafka/first-batches.ts";
import type { Checkpoint } from "../../../../lib/rules/checkpoint.ts";
import { sourceRecord } from "../../../support/records.ts";

function batch(start: number, end: number, records: readonly Checkpoint[]): FetchedBatch {
  return {
    partition: 0,
    start,
    end,
    records: records.map((place) => sourceRecord("m", { partition: 0, ...place })),
  };
}

const check = { offset: 97, timestamp: 7 };
const positioned = () => new FirstBatches(new Map([[0, { start: 100, check, lost: null }]]));
const offsetsOf = (taken: FetchedBatch | null) =>
  taken && { start: taken.start, end: taken.end, offsets: taken.records.map(({ offset }) => offset) };

describe("a partition that begins with the record read last", () => {
  test("gives that record not on, nor anything else before its position", () => {
    const taken = positioned().take(batch(97, 103, [check, { offset: 101, timestamp: 8 }]));
    expect(offsetsOf(taken)).toEqual({ start: 100, end: 103, offsets: [101] });
  });

  test("waits for its position where the first batches end before it", () => {
    const first = positioned();
    expect(offsetsOf(first.take(batch(97, 98, [check])))).toEqual({ start: 100, end: 100, offsets: [] });
    expect(offsetsOf(first.take(batch(98, 100, [])))).toEqual({ start: 100, end: 100, offsets: [] });
    const next = batch(100, 101, [{ offset: 100, timestamp: 9 }]);
    expect(first.take(next)).toBe(next);
  });

  test("is of another log where another record stands there, however often it is read", () => {
    const first = positioned();
    const other = batch(97, 99, [{ offset: 97, timestamp: 8 }]);
    expect(first.take(other)).toBeNull();
    expect(first.take(other)).toBeNull();
  });

  test("goes on where compaction took that record", () => {
    const taken = positioned().take(batch(97, 102, [{ offset: 101, timestamp: 1 }]));
    expect(offsetsOf(taken)).toEqual({ start: 100, end: 102, offsets: [101] });
  });

  test("is left alone afterwards, whatever its records are", () => {
    const first = positioned();
    first.take(batch(97, 101, [check]));
    const later = batch(90, 98, [{ offset: 97, timestamp: 1 }]);
    expect(first.take(later)).toBe(later);
  });
});

test("a partition that begins at its position is handed on as it is", () => {
  const first = new FirstBatches(new Map([[0, { start: 100, check: null, lost: null }]]));
  const next = batch(100, 101, [{ offset: 100, timestamp: 9 }]);
  expect(first.take(next)).toBe(next);
});
