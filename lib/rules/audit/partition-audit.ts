import type { SourceRecord } from "../model/record.ts";
import { createOffsetRanges, type OffsetRanges } from "./offset-ranges.ts";

/** A document of one partition, as identified by its `_id`. */
export interface AuditDocument {
  readonly offset: number;
  /** The record's timestamp, not the event's. */
  readonly timestamp: number;
  /** The concrete index or backing index. */
  readonly index: string;
}

/** A record of one partition that has a dead letter. */
export interface BuriedRecord {
  readonly offset: number;
  readonly timestamp: number;
}

/** A record of one partition that is accounted for in another way. */
export interface SettledRecord extends BuriedRecord {
  /** `elsewhere`: it is in an index other than the topic's. `repaired`: the repair found it there, or saw it dropped. */
  readonly how: "elsewhere" | "repaired";
}

/** Why a record has neither a document nor a dead letter. */
export type Absence =
  /** A tombstone, which has nothing to index. */
  | { readonly kind: "null" }
  /** The index that it belongs to was deleted or closed. */
  | { readonly kind: "expired"; readonly index: string }
  /** The topic has an ingest pipeline, which may have dropped it. */
  | { readonly kind: "dropped" }
  /** A rewind went forward over it. */
  | { readonly kind: "skipped" }
  /** `perhaps` says what else it may be; a phrase. */
  | { readonly kind: "gap"; readonly perhaps?: string };

/** The next part of a partition, sorted by offset unless stated otherwise. */
export interface Stretch {
  /** One past the last offset read, in Kafka and everywhere else. */
  readonly end: number;
  readonly records: readonly SourceRecord[];
  /** The documents below `end` that no earlier stretch contained. */
  readonly documents: readonly AuditDocument[];
  /** The dead letters below `end` that no earlier stretch contained; may contain a record more than once. */
  readonly buried: readonly BuriedRecord[];
  /** Below `end`, in any order. */
  readonly settled?: readonly SettledRecord[];
}

/** What became of the offsets [start, end) of one partition. Each counts once. */
export interface PartitionAudit {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly indexed: number;
  readonly deadLettered: number;
  /** In an index other than the topic's: sent there by a pipeline, or taken out of the topic's alias. */
  readonly elsewhere: number;
  /** Not found by the audit, but the repair got a duplicate, or its pipeline dropped them again. */
  readonly repaired: number;
  readonly nulls: number;
  /** Offsets at which Kafka returns nothing: transaction markers, aborted, compacted or meanwhile deleted records. */
  readonly notRecords: number;
  /** Labelled with the index that was deleted or closed. */
  readonly expired: OffsetRanges;
  /** Dropped by the pipeline, or missing. */
  readonly dropped: OffsetRanges;
  /** Never read: a rewind went forward over them. */
  readonly skipped: OffsetRanges;
  /** Labelled with what they may be instead. */
  readonly gaps: OffsetRanges;
  /** Labelled with the indices that contain the same record. They count as indexed too. */
  readonly doubles: OffsetRanges;
  /** Documents whose timestamp differs from the record's in Kafka: from an older topic of the same name. */
  readonly stale: number;
}

export interface PartitionAuditor {
  /** @returns the records that are gaps, or that a pipeline may have dropped; sorted by offset */
  take(stretch: Stretch): SourceRecord[];
  /** The next offset to audit. */
  readonly position: number;
  result(): PartitionAudit;
}

export interface PartitionAuditorOptions {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly explain: (record: SourceRecord) => Absence;
  /** Whether the offset belongs to a record batch that became one dead letter. */
  readonly inBuriedBatch: (offset: number) => boolean;
  /** Called for each record of which there is more than one document. */
  readonly onDouble?: (record: BuriedRecord) => void;
  /** How many ranges of each kind to keep. */
  readonly keepRanges: number;
}

/**
 * Merges what Kafka, Elasticsearch and the dead letters contain of one partition, offset by offset, in one pass that
 * keeps only counts and ranges.
 *
 * A document or a dead letter accounts for a record only if it has the record's timestamp: a recreated topic reuses the
 * same offsets. This is also why Kafka is read in full, and not only for offsets that Elasticsearch lacks: only the
 * record itself shows that the document at its offset belongs to another one.
 */
export function createPartitionAuditor(options: PartitionAuditorOptions): PartitionAuditor {
  const { partition, start, end, explain, inBuriedBatch, onDouble, keepRanges } = options;
  const count = { indexed: 0, deadLettered: 0, elsewhere: 0, repaired: 0, nulls: 0, notRecords: 0, stale: 0 };
  const expired = createOffsetRanges(keepRanges);
  const dropped = createOffsetRanges(keepRanges);
  const skipped = createOffsetRanges(keepRanges);
  const gaps = createOffsetRanges(keepRanges);
  const doubles = createOffsetRanges(keepRanges);
  let position = start;

  /** @returns whether the record is unaccounted for */
  function settle(
    offset: number,
    record: SourceRecord | null,
    documents: readonly AuditDocument[],
    buried: readonly BuriedRecord[],
    settled: SettledRecord | undefined,
  ): boolean {
    const copies = copiesIn(documents);
    if (copies.length > 0) {
      doubles.add(
        offset,
        copies
          .map(({ index }) => index)
          .sort()
          .join(", "),
      );
      for (const timestamp of new Set(copies.map((copy) => copy.timestamp)))
        onDouble?.({ offset, timestamp });
    }
    if (record === null) {
      // The record was indexed or dead-lettered, and compacted since.
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
    else if (absence.kind === "skipped") skipped.add(offset);
    else gaps.add(offset, absence.perhaps);
    return absence.kind === "dropped" || absence.kind === "gap";
  }

  /**
   * Accounts for a record batch that could not be decoded, so only the number of its records is known.
   * @param indexed its offsets that have documents
   * @returns whether some are unaccounted for
   */
  function settleBatch(
    record: SourceRecord,
    to: number,
    records: number,
    indexed: ReadonlySet<number>,
  ): boolean {
    const from = record.offset;
    const left = Math.max(0, records - indexed.size);
    count.indexed += indexed.size;
    if (left === 0 || inBuriedBatch(from)) {
      count.deadLettered += left;
      count.notRecords += to - from - indexed.size - left;
      return false;
    }
    const isSkipped = explain(record).kind === "skipped";
    for (let offset = from; offset < to; offset += 1)
      if (!indexed.has(offset)) (isSkipped ? skipped : gaps).add(offset);
    return !isSkipped;
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
          if (settleBatch(record, to, record.setAside.records, indexed)) unaccounted.push(record);
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
      skipped: skipped.build(),
      gaps: gaps.build(),
      doubles: doubles.build(),
    }),
  };
}

/** Walks a list that is sorted by offset. */
function inOrder<T extends { readonly offset: number }>(list: readonly T[]) {
  let next = 0;
  return {
    /** The next item's offset; infinite at the end. */
    next: () => list[next]?.offset ?? Infinity,
    /** Takes all items at this offset, if they come next. */
    at(offset: number): readonly T[] {
      const from = next;
      while (list[next]?.offset === offset) next += 1;
      return list.slice(from, next);
    },
  };
}

/** The documents at one offset that share their record with another one. */
function copiesIn(documents: readonly AuditDocument[]): readonly AuditDocument[] {
  if (documents.length < 2) return [];
  return documents.filter(
    (one) => documents.filter(({ timestamp }) => timestamp === one.timestamp).length > 1,
  );
}
