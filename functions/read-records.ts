import { PenstockError } from "../lib/rules/base/errors.ts";
import type { LogOffsets, LogStretch } from "../lib/rules/inspection/entries.ts";
import {
  listedBytes,
  shownEntry,
  type ShownEntry,
  wholeBytes,
} from "../lib/rules/inspection/shown-record.ts";

export interface ReadRecordsInput {
  readonly topic: string;
  readonly partition: number;
  /** Where to begin; null: the newest. */
  readonly from:
    | { readonly kind: "offset"; readonly offset: number }
    /** The first record of that time or later, in milliseconds since the epoch. */
    | { readonly kind: "time"; readonly atMs: number }
    | null;
  /** The most entries. */
  readonly limit: number;
  /** Whether values may be long. */
  readonly whole: boolean;
}

export interface ReadRecordsDeps {
  /** As `readStretch` of the Kafka adapter. */
  readonly readStretch: (wanted: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly limit: number;
  }) => Promise<LogStretch>;
  /** By partition: the first record of that time or later, or the end of the log. */
  readonly offsetsAt: (topic: string, atMs: number) => Promise<ReadonlyMap<number, number>>;
}

/** A part of one partition's log. */
export interface ReadRecordsResult extends LogOffsets {
  readonly topic: string;
  readonly partition: number;
  /** In the order of offsets. Every offset from the first to `next` is accounted for. */
  readonly entries: readonly ShownEntry[];
  /** The first offset that was not looked at. */
  readonly next: number;
}

/** The most entries of one answer. */
export const maxEntries = 100;

/**
 * Reads records as they lie in Kafka: without a group, so that nobody's position moves, and only what is committed.
 * @throws PenstockError as the deps; `usage` if the partition does not exist
 */
export async function readRecords(
  { topic, partition, from, limit, whole }: ReadRecordsInput,
  { readStretch, offsetsAt }: ReadRecordsDeps,
): Promise<ReadRecordsResult> {
  const offset = await offsetOf();
  const stretch = await readStretch({ topic, partition, offset, limit });
  const maxBytes = whole ? wholeBytes : listedBytes;
  return { topic, ...stretch, entries: stretch.entries.map((entry) => shownEntry(entry, maxBytes)) };

  async function offsetOf(): Promise<number> {
    if (from === null) return -limit;
    if (from.kind === "offset") return from.offset;
    const offsets = await offsetsAt(topic, from.atMs);
    const found = offsets.get(partition);
    if (found !== undefined) return found;
    throw new PenstockError("usage", `partition ${partition} does not exist: the topic has ${offsets.size}`);
  }
}
