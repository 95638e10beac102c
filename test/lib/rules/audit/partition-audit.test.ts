import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  createPartitionAuditor,
  type Absence,
  type AuditDocument,
  type BuriedRecord,
  type PartitionAudit,
} from "../../../../lib/rules/audit/partition-audit.ts";
import { SetAside, type SourceRecord } from "../../../../lib/rules/model/record.ts";
import { sourceRecord } from "../../../support/records.ts";
import { rounds } from "../../../support/rounds.ts";

/** Everything at one offset. Timestamps are 1 (the record's) or 2 (an older topic's). */
interface Place {
  readonly record: "value" | "null" | "old" | "piped" | null;
  readonly documents: readonly { readonly timestamp: number; readonly index: string }[];
  readonly buried: readonly number[];
}

const explain = (record: SourceRecord): Absence => {
  if (record.value === null) return { kind: "null" };
  const text = String(record.value);
  if (text === "old") return { kind: "expired", index: "gone" };
  return { kind: text === "piped" ? "dropped" : "gap" };
};

const none = (): boolean => false;

/** Audits the places from `start` in stretches that end at `cuts`. */
function audit(places: readonly Place[], start: number, cuts: readonly number[]) {
  const end = start + places.length;
  const auditor = createPartitionAuditor({
    partition: 0,
    start,
    end,
    explain,
    inBuriedBatch: none,
    keepRanges: 1_000,
  });
  const unaccounted: number[] = [];
  for (const until of [...cuts.map((cut) => start + cut).toSorted((a, b) => a - b), end]) {
    const records: SourceRecord[] = [];
    const documents: AuditDocument[] = [];
    const buried: BuriedRecord[] = [];
    for (let offset = auditor.position; offset < Math.min(until, end); offset += 1) {
      const place = places[offset - start];
      if (place === undefined) continue;
      if (place.record !== null) {
        records.push(sourceRecord(place.record === "null" ? null : place.record, { offset, timestamp: 1 }));
      }
      for (const { timestamp, index } of place.documents) documents.push({ offset, timestamp, index });
      for (const timestamp of place.buried) buried.push({ offset, timestamp });
    }
    const missing = auditor.take({ end: until, records, documents, buried });
    unaccounted.push(...missing.map(({ offset }) => offset));
  }
  return { result: auditor.result(), unaccounted };
}

/** What an offset counts as, decided by itself in the simplest way. */
function kindOf({ record, documents, buried }: Place) {
  if (record === null) {
    if (documents.length > 0) return "indexed";
    return buried.length > 0 ? "deadLettered" : "notRecords";
  }
  if (documents.some(({ timestamp }) => timestamp === 1)) return "indexed";
  if (buried.includes(1)) return "deadLettered";
  return ({ value: "gaps", null: "nulls", old: "expired", piped: "dropped" } as const)[record];
}

const place: fc.Arbitrary<Place> = fc.record({
  record: fc.constantFrom("value", "value", "value", "null", "old", "piped", null),
  documents: fc.oneof(
    { weight: 3, arbitrary: fc.constant([{ timestamp: 1, index: "a" }]) },
    {
      weight: 2,
      arbitrary: fc.uniqueArray(
        fc.record({ timestamp: fc.constantFrom(1, 2), index: fc.constantFrom("a", "b", "c") }),
        { maxLength: 4, selector: ({ timestamp, index }) => `${timestamp} ${index}` },
      ),
    },
  ),
  buried: fc.array(fc.constantFrom(1, 2), { maxLength: 2 }),
});

function offsetsOf(ranges: PartitionAudit["gaps"]): number[] {
  return ranges.ranges.flatMap(({ start, end }) =>
    Array.from({ length: end - start }, (_, at) => start + at),
  );
}

describe("the audit of a partition", () => {
  test("any partition, cut into any stretches: each offset counts as it would by itself", () => {
    const cuts = fc.array(fc.nat(60), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 50 }), fc.nat(1_000), cuts, (places, start, cuts) => {
        const { result, unaccounted } = audit(places, start, cuts);
        const kinds = places.map(kindOf);
        const offsets = (kind: string) =>
          [...kinds.keys()].filter((at) => kinds[at] === kind).map((at) => at + start);
        expect(result.indexed).toBe(offsets("indexed").length);
        expect(result.deadLettered).toBe(offsets("deadLettered").length);
        expect(result.nulls).toBe(offsets("nulls").length);
        expect(result.notRecords).toBe(offsets("notRecords").length);
        expect(offsetsOf(result.gaps)).toEqual(offsets("gaps"));
        expect(offsetsOf(result.dropped)).toEqual(offsets("dropped"));
        expect(offsetsOf(result.expired)).toEqual(offsets("expired"));
        expect(unaccounted).toEqual([...offsets("gaps"), ...offsets("dropped")].toSorted((a, b) => a - b));
        const doubled = [...places.keys()].filter((at) => {
          const times = places[at]?.documents.map(({ timestamp }) => timestamp) ?? [];
          return new Set(times).size < times.length;
        });
        expect(offsetsOf(result.doubles)).toEqual(doubled.map((at) => at + start));
        const stale = places
          .filter(({ record }) => record !== null)
          .flatMap(({ documents }) => documents.filter(({ timestamp }) => timestamp !== 1));
        expect(result.stale).toBe(stale.length);
      }),
      { numRuns: rounds(200, 50) },
    );
  });

  test("a document of an older topic of the same name does not account for the record at its offset", () => {
    const stale = { record: "value", documents: [{ timestamp: 2, index: "a" }], buried: [2] } as const;
    const { result, unaccounted } = audit([stale], 0, []);
    expect(result).toMatchObject({ indexed: 0, deadLettered: 0, stale: 1 });
    expect(unaccounted).toEqual([0]);
  });

  test("a double names its indices, but not the one with another record", () => {
    const documents = [
      { timestamp: 1, index: "b" },
      { timestamp: 1, index: "a" },
      { timestamp: 2, index: "c" },
    ];
    const { result } = audit([{ record: "value", documents, buried: [] }], 5, []);
    expect(result.doubles.ranges).toEqual([{ start: 5, end: 6, label: "a, b" }]);
    expect(result.indexed).toBe(1);
  });

  test("offsets after the end of the span are ignored", () => {
    const auditor = createPartitionAuditor({
      partition: 0,
      start: 0,
      end: 2,
      explain,
      inBuriedBatch: none,
      keepRanges: 10,
    });
    const records = [0, 1, 2].map((offset) => sourceRecord("value", { offset, timestamp: 1 }));
    const missing = auditor.take({ end: 3, records, documents: [], buried: [] });
    expect(missing.map(({ offset }) => offset)).toEqual([0, 1]);
    expect(auditor.position).toBe(2);
  });

  describe("an undecoded record batch", () => {
    const batch = (offset: number, end: number, records = end - offset) =>
      sourceRecord(null, {
        offset,
        timestamp: 1,
        setAside: new SetAside({ type: "batch_too_large", reason: "", end, records }),
      });
    const look = (inBuriedBatch: (offset: number) => boolean, documents: readonly AuditDocument[] = []) => {
      const auditor = createPartitionAuditor({
        partition: 0,
        start: 0,
        end: 12,
        explain,
        inBuriedBatch,
        keepRanges: 10,
      });
      const last = sourceRecord("value", { offset: 11, timestamp: 1 });
      const missing = auditor.take({ end: 12, records: [batch(1, 11, 8), last], documents, buried: [] });
      return { missing: missing.map(({ offset }) => offset), ...auditor.result() };
    };
    const document = (offset: number) => ({ offset, timestamp: 5, index: "i" });

    test("counts with all its records: by its letter, or as a gap", () => {
      const buried = look((offset) => offset < 11);
      expect(buried).toMatchObject({ missing: [11], indexed: 0, deadLettered: 8, notRecords: 3 });
      const lost = look(none);
      expect(lost).toMatchObject({ missing: [1, 11], deadLettered: 0 });
      expect(lost.gaps.ranges).toEqual([{ start: 1, end: 12, label: "" }]);
    });

    test("includes records of it that were ingested, for example with a larger limit", () => {
      expect(look(none, [1, 2, 3, 4, 5, 6, 8, 9].map(document))).toMatchObject({ missing: [11], indexed: 8 });
      expect(look((offset) => offset < 11, [3, 4].map(document))).toMatchObject({
        indexed: 2,
        deadLettered: 6,
      });
    });
  });

  test("a record of a batch that became one dead letter has its outcome", () => {
    const inBuriedBatch = (offset: number): boolean => offset === 1;
    const auditor = createPartitionAuditor({
      partition: 0,
      start: 0,
      end: 3,
      explain,
      inBuriedBatch,
      keepRanges: 10,
    });
    const records = [0, 1, 2].map((offset) => sourceRecord("value", { offset, timestamp: 1 }));
    const missing = auditor.take({ end: 3, records, documents: [], buried: [] });
    expect(missing.map(({ offset }) => offset)).toEqual([0, 2]);
    expect(auditor.result().deadLettered).toBe(1);
  });
});
