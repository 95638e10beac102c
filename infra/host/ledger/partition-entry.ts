import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { OpenedPartition } from "../../../lib/adapters/kafka/reader/opening.ts";
import type { Checkpoint } from "../../../lib/rules/offsets/checkpoint.ts";
import type { Marks } from "../../../lib/rules/offsets/marks.ts";
import type { OffsetWindow } from "../../../lib/rules/offsets/offset-window.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import type { PartitionStatus } from "../../../lib/rules/progress/status.ts";

/** The reader of one partition, as its pump controls it. */
export interface PartitionSource {
  /** Reads on from there. Drops whatever is being fetched or was not handed over yet. */
  seek(offset: number): void;
  /** Drops what was fetched and not handed over yet; it is fetched again. */
  letGo(): void;
  /** When the broker last reported the partition's position, in milliseconds since the epoch; null: not yet. */
  readonly heardAtMs: number | null;
}

/** A partition with a known position, of which it is known what may have been sent before. */
export interface LookedUpPartition extends OpenedPartition {
  /** Records below may be in Elasticsearch, where a repeated `_id` may not meet them. At least `position.start`. */
  readonly doubtBelow: number;
}

/** A partition with a known position, and its reader. A start that differs from `committed` is itself committed. */
export interface PumpedPartition extends LookedUpPartition {
  readonly source: PartitionSource;
}

/** Records of one partition, ordered by offset. */
export interface PumpedRecords {
  readonly records: readonly SourceRecord[];
  /** The end of the previous records, or the position where reading began. */
  readonly start: number;
  /** One past the last offset covered, whether or not it holds a record. */
  readonly end: number;
}

export interface PartitionEntry {
  readonly tenure: Tenure;
  readonly source: PartitionSource;
  /** Replaced when reading moves back: records sent under the old window do not count in the new one. */
  window: OffsetWindow;
  committed: number | null;
  marks: Marks | null;
  /** Nothing up to here needs a commit: the last commit, or the position where reading began. */
  settled: number;
  /** One past the last offset that was sent. */
  sent: number;
  highWatermark: number | null;
  lastStableOffset: number | null;
  logStart: number | null;
  /** When the broker last reported these three. */
  observedAt: number | null;
  /** The first record without an outcome when fetched records were last dropped; null: none. */
  waited: Checkpoint | null;
  /** The timestamp of the nearest earlier record that has one; null: unknown. */
  nearestMs: number | null;
  /** True: about to move to another member. */
  leaving: boolean;
}

/** Last stable offset − committed, or − log start if nothing was committed; null: unknown. */
export function lagOf(
  entry: Pick<PartitionEntry, "lastStableOffset" | "committed" | "logStart">,
): number | null {
  const from = entry.committed ?? entry.logStart;
  if (entry.lastStableOffset === null || from === null) return null;
  return Math.max(0, entry.lastStableOffset - from);
}

/** Whether there is something to commit. */
export function isDue({ tenure, window, settled }: PartitionEntry): boolean {
  return window.committable !== settled && !tenure.ended;
}

export function isSentCommitted({ sent, committed, highWatermark }: PartitionEntry): boolean {
  // Offsets beyond the log's end belonged to another log.
  return (committed ?? 0) >= Math.min(sent, highWatermark ?? Infinity);
}

export function ownStatus(entry: PartitionEntry, progressAt: number | null): PartitionStatus {
  const { observedAt, source, tenure, committed, highWatermark, sent } = entry;
  return {
    partition: tenure.partition,
    owned: true,
    committed,
    highWatermark,
    sent,
    lag: lagOf(entry),
    progressAt,
    // A fetch session repeats nothing that is unchanged, so hearing from the broker confirms the last numbers.
    lagAt: observedAt === null ? null : Math.max(observedAt, source.heardAtMs ?? 0),
    oldestUnreadAt: oldestUnreadAt(entry),
    deletableAt: null,
  };
}

/** The status of a partition owned by another member, which reports its numbers: ours would be stale. */
export function strangerStatus(partition: number): PartitionStatus {
  return {
    partition,
    owned: false,
    committed: null,
    highWatermark: null,
    sent: null,
    lag: null,
    progressAt: null,
    lagAt: null,
    oldestUnreadAt: null,
    deletableAt: null,
  };
}

/** The record's own timestamp, in milliseconds since the epoch; null: nothing waits, or nothing was fetched yet. */
function oldestUnreadAt(entry: PartitionEntry): number | null {
  const { window, waited } = entry;
  if ((lagOf(entry) ?? 0) === 0) return null;
  const oldest = window.first ?? (waited !== null && waited.offset >= window.committable ? waited : null);
  return oldest === null || oldest.timestamp < 0 ? null : oldest.timestamp;
}
