import type { SourceRecord } from "../model/record.ts";
import { createOffsetRanges, type OffsetRanges } from "./offset-ranges.ts";

/** A document of one partition, as its `_id` tells it. */
export interface AuditDocument {
  readonly offset: number;
  /** The record's, not the event's own. */
  readonly timestamp: number;
  /** The concrete index, or backing index. */
  readonly index: string;
}

/** A record of one partition that has a dead letter. */
export interface BuriedRecord {
  readonly offset: number;
  readonly timestamp: number;
}

/** A record of one partition that is accounted for otherwise. */
export interface SettledRecord extends BuriedRecord {
  /** `elsewhere`: a pipeline sent it to another index. `repaired`: so said the repair, of what it found or was dropped. */
  readonly how: "elsewhere" | "repaired";
}

/** Why a record has neither a document nor a dead letter. */
export type Absence =
  /** A tombstone: there is nothing to index. */
  | { readonly kind: "null" }
  /** The dated index that it belongs to is gone, or closed. */
  | { readonly kind: "expired"; readonly index: string }
  /** The topic has an ingest pipeline, which may have dropped it. */
  | { readonly kind: "dropped" }
  | { readonly kind: "gap" };

/** The next stretch of a partition, all of it sorted by offset. */
export interface Stretch {
  /** One past the last offset that was looked at, in Kafka and everywhere else. */
  readonly end: number;
  readonly records: readonly SourceRecord[];
  /** Those below `end` that were not given before. */
  readonly documents: readonly AuditDocument[];
  /** Those below `end` that were not given before; a record may stand more than once. */
  readonly buried: readonly BuriedRecord[];
  /** Those below `end`, in any order. */
  readonly settled?: readonly SettledRecord[];
}

/** What became of the offsets [start, end) of one partition: each counts once. */
export interface PartitionAudit {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly indexed: number;
  readonly deadLettered: number;
  /** In another index, where a pipeline sent them. */
  readonly elsewhere: number;
  /** Neither found nor missing: the repair was told that they are there, or its pipeline dropped them once more. */
  readonly repaired: number;
  readonly nulls: number;
  /** Kafka returns nothing there: transaction markers, aborted, compacted or meanwhile deleted records. */
  readonly notRecords: number;
  /** Labelled with the index that is gone. */
  readonly expired: OffsetRanges;
  /** Dropped by the pipeline, or missing. */
  readonly dropped: OffsetRanges;
  readonly gaps: OffsetRanges;
  /** Labelled with the indices that hold the same record. They count among the indexed too. */
  readonly doubles: OffsetRanges;
  /** Documents whose record has another timestamp than the one in Kafka: of an older topic of the same name. */
  readonly stale: number;
}

export interface PartitionAuditor {
  /** @returns the records that are gaps, or were dropped or are missing; sorted by offset */
  take(stretch: Stretch): SourceRecord[];
  /** The next offset to look at. */
  readonly position: number;
  result(): PartitionAudit;
}

export interface PartitionAuditorOptions {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly explain: (record: SourceRecord) => Absence;
  /** Whether the offset is of a record batch that became one dead letter. */
  readonly inBuriedBatch: (offset: number) => boolean;
  /** How many ranges of each kind are kept. */
  readonly keepRanges: number;
}

/**
 * Merges what Kafka, Elasticsearch and the dead letters hold of one partition, offset by offset, in one pass that keeps
 * nothing but counts and ranges.
 *
 * A document or a dead letter accounts for a record only where the timestamp is the record's own: that of a topic which
 * was deleted and created again stands at the same offsets. This is also why Kafka is read in full, and not only where
 * nothing is found in Elasticsearch: nothing but the record itself tells that the document at its offset is another's.
 */
export function createPartitionAuditor(options: PartitionAuditorOptions): PartitionAuditor {
  const { partition, start, end, explain, inBuriedBatch, keepRanges } = options;
  const count = { indexed: 0, deadLettered: 0, elsewhere: 0, repaired: 0, nulls: 0, notRecords: 0, stale: 0 };
  const expired = createOffsetRanges(keepRanges);
  const dropped = createOffsetRanges(keepRanges);
  const gaps = createOffsetRanges(keepRanges);
  const doubles = createOffsetRanges(keepRanges);
  let position = start;

  /** @returns true where the record is unaccounted for */
  function settle(
    offset: number,
    record: SourceRecord | null,
    documents: readonly AuditDocument[],
    buried: readonly BuriedRecord[],
    settled: SettledRecord | undefined,
  ): boolean {
    const label = doubleLabel(documents);
    if (label !== null) doubles.add(offset, label);
    if (record === null) {
      // The record was indexed or buried, and has been compacted away since.
      if (documents.length > 0) count.indexed += 1;
      else if (buried.length > 0) count.deadLettered += 1;
      else count.notRecords += 1;
      return false;
    }
    const own = documents.filter(({ timestamp }) => timestamp === record.timestamp);
    count.stale += documents.length - own.length;
    if (own.length > 0) {
      count.indexed += 1;
      return false;
    }
    if (buried.some(({ timestamp }) => timestamp === record.timestamp) || inBuriedBatch(offset)) {
      count.deadLettered += 1;
      return false;
    }
    if (settled?.timestamp === record.timestamp) {
      count[settled.how] += 1;
      return false;
    }
    const absence = explain(record);
    if (absence.kind === "null") count.nulls += 1;
    else if (absence.kind === "expired") expired.add(offset, absence.index);
    else if (absence.kind === "dropped") dropped.add(offset);
    else gaps.add(offset);
    return absence.kind === "dropped" || absence.kind === "gap";
  }

  /**
   * Accounts for a record batch that was not decoded: nothing but its number of records is known of them.
   * @param indexed how many of its offsets have documents
   * @returns true where some are unaccounted for
   */
  function settleBatch(from: number, to: number, records: number, indexed: ReadonlySet<number>): boolean {
    const left = Math.max(0, records - indexed.size);
    count.indexed += indexed.size;
    if (left === 0 || inBuriedBatch(from)) {
      count.deadLettered += left;
      count.notRecords += to - from - indexed.size - left;
      return false;
    }
    for (let offset = from; offset < to; offset += 1) if (!indexed.has(offset)) gaps.add(offset);
    return true;
  }

  return {
    get position() {
      return position;
    },
    take(stretch) {
      const records = inOrder(stretch.records);
      const documents = inOrder(stretch.documents);
      const buried = inOrder(stretch.buried);
      const settled = new Map(stretch.settled?.map((one) => [one.offset, one]));
      const until = Math.min(stretch.end, end);
      const unaccounted: SourceRecord[] = [];
      while (position < until) {
        const offset = Math.min(records.next(), documents.next(), buried.next());
        const hole = Math.min(offset, until) - position;
        if (hole > 0) {
          count.notRecords += hole;
          position += hole;
        }
        if (offset >= until) break;
        const [record = null] = records.at(offset);
        if (record?.setAside !== undefined) {
          const to = Math.min(record.setAside.end, until);
          const indexed = new Set<number>();
          for (let at = documents.next(); at < to; at = documents.next()) {
            documents.at(at);
            indexed.add(at);
          }
          while (buried.next() < to) buried.at(buried.next());
          if (settleBatch(offset, to, record.setAside.records, indexed)) unaccounted.push(record);
          position = to;
          continue;
        }
        const missing = settle(offset, record, documents.at(offset), buried.at(offset), settled.get(offset));
        if (missing && record !== null) unaccounted.push(record);
        position = Math.max(position, offset + 1);
      }
      return unaccounted;
    },
    result: () => ({
      partition,
      start,
      end,
      ...count,
      expired: expired.build(),
      dropped: dropped.build(),
      gaps: gaps.build(),
      doubles: doubles.build(),
    }),
  };
}

/** Walks a list that is sorted by offset. */
function inOrder<T extends { readonly offset: number }>(list: readonly T[]) {
  let next = 0;
  return {
    /** The offset of what comes next; infinite where nothing does. */
    next: () => list[next]?.offset ?? Infinity,
    /** Takes all that stand at this offset, if it comes next. */
    at(offset: number): readonly T[] {
      const from = next;
      while (list[next]?.offset === offset) next += 1;
      return list.slice(from, next);
    },
  };
}

/** The indices that hold one record more than once between them; null where each holds another record, or there is one. */
function doubleLabel(documents: readonly AuditDocument[]): string | null {
  if (documents.length < 2) return null;
  const doubled = documents.filter(
    (one) => documents.filter(({ timestamp }) => timestamp === one.timestamp).length > 1,
  );
  return doubled.length === 0
    ? null
    : doubled
        .map(({ index }) => index)
        .sort()
        .join(", ");
}
