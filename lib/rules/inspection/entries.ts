import { contentBytesOf, type SourceRecord } from "../model/record.ts";

/** Why no readable record lies at an offset. */
export const gapReasons = [
  "deleted",
  "commit marker",
  "abort marker",
  "aborted",
  "compacted",
  "unreadable",
  "open transaction",
  "not written",
] as const;
export type GapReason = (typeof gapReasons)[number];

/** What a person is told about a gap. */
export const gapWords: Readonly<Record<GapReason, string>> = {
  deleted: "Kafka has deleted what was here: by retention, or because somebody ordered it",
  "commit marker": "a marker that ends a transaction: committed",
  "abort marker": "a marker that ends a transaction: aborted",
  aborted: "records of a transaction that was aborted",
  compacted: "nothing: compaction removed what was here",
  unreadable: "a record batch that cannot be read",
  "open transaction": "a transaction that has not ended: nothing behind its first record can be read yet",
  "not written": "nothing yet: this is the end of the log",
};

/** The record batch that a record came in. */
export interface BatchFacts {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** As it lies in the log, compressed. */
  readonly bytes: number;
  readonly compression: "none" | "gzip" | "snappy" | "lz4" | "zstd" | "unknown";
  /** Who set the timestamps of its records: the producer, or the broker when it appended them. */
  readonly timestamps: "create" | "append" | "unknown";
  readonly transactional: boolean;
  /** Kafka's version of the format: 2 since Kafka 0.11. */
  readonly format: 0 | 1 | 2;
}

export type LogEntry =
  | { readonly kind: "record"; readonly record: SourceRecord; readonly batch: BatchFacts }
  | {
      readonly kind: "gap";
      readonly from: number;
      /** One past its last offset. */
      readonly end: number;
      readonly why: GapReason;
      /** Of an unreadable batch; null otherwise. */
      readonly detail: string | null;
    };

/** The offsets of a partition's log. */
export interface LogOffsets {
  readonly logStart: number;
  /** The end of what can be read: behind it are open transactions. */
  readonly lastStableOffset: number;
  readonly highWatermark: number;
}

/** A part of one partition's log, in the order of offsets. */
export interface LogStretch extends LogOffsets {
  readonly partition: number;
  readonly entries: readonly LogEntry[];
  /** The first offset that was not looked at. */
  readonly next: number;
}

/** The contents of a list's records. The record with which it is reached is still taken. */
const LIST_BYTES = 16 * 1024 * 1024;

/** Collects entries; adjacent gaps of one reason become one. */
export class EntryList {
  readonly #entries: LogEntry[] = [];
  #bytes = 0;

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Whether no more entries are due: there are so many, or their records are large. */
  isFull(limit: number): boolean {
    return this.#entries.length >= limit || this.#bytes >= LIST_BYTES;
  }

  record(record: SourceRecord, batch: BatchFacts): void {
    this.#entries.push({ kind: "record", record, batch });
    this.#bytes += contentBytesOf(record);
  }

  /** @param end one past its last offset; nothing is added if the gap is empty */
  gap(from: number, end: number, why: GapReason, detail: string | null = null): void {
    if (from >= end) return;
    const last = this.#entries.at(-1);
    if (last?.kind === "gap" && last.why === why && last.end === from && detail === null)
      this.#entries[this.#entries.length - 1] = { ...last, end };
    else this.#entries.push({ kind: "gap", from, end, why, detail });
  }
}
