import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { Checkpoint } from "../../../lib/rules/offsets/checkpoint.ts";
import type { OffsetWindow } from "../../../lib/rules/offsets/offset-window.ts";
import type { PartitionStatus } from "../../../lib/rules/progress/status.ts";
import type { PartitionSource } from "./pump-deps.ts";

/** What is known of one partition that is ours. */
export interface PartitionEntry {
  readonly tenure: Tenure;
  readonly source: PartitionSource;
  /** Another one where reading was moved back: what was sent under the former does not count in it. */
  window: OffsetWindow;
  committed: number | null;
  /** Up to here nothing needs to be committed: what was committed, or where reading began. */
  settled: number;
  /** One past the last offset that was sent. */
  sent: number;
  highWatermark: number | null;
  lastStableOffset: number | null;
  logStart: number | null;
  /** When the broker last told these. */
  observedAt: number | null;
  /** The first record that waited for an outcome when what was fetched was let go of; null: none did. */
  waited: Checkpoint | null;
  /** The time of the nearest record before what is to be read next that has one; null: not known. */
  nearestMs: number | null;
  /** True: it is about to go to another member. */
  leaving: boolean;
}

/** Last stable offset − committed; where nothing was committed, what there is to read; null: not known yet. */
export function lagOf(
  entry: Pick<PartitionEntry, "lastStableOffset" | "committed" | "logStart">,
): number | null {
  const from = entry.committed ?? entry.logStart;
  if (entry.lastStableOffset === null || from === null) return null;
  return Math.max(0, entry.lastStableOffset - from);
}

/** Of one that is ours. */
export function ownStatus(entry: PartitionEntry, progressAt: number | null): PartitionStatus {
  const { observedAt, source, tenure, committed, highWatermark } = entry;
  return {
    partition: tenure.partition,
    owned: true,
    committed,
    highWatermark,
    lag: lagOf(entry),
    progressAt,
    // Of what is not told again nothing is other than before.
    lagAt: observedAt === null ? null : Math.max(observedAt, source.heardAtMs ?? 0),
    oldestUnreadAt: oldestUnreadAt(entry),
    deletableAt: null,
  };
}

/** Of one that another member reads: what it does is its own to tell, and a number from here would be stale. */
export function strangerStatus(partition: number): PartitionStatus {
  return {
    partition,
    owned: false,
    committed: null,
    highWatermark: null,
    lag: null,
    progressAt: null,
    lagAt: null,
    oldestUnreadAt: null,
    deletableAt: null,
  };
}

/** Milliseconds since the epoch, as the record says; null: nothing waits, or what does has not been fetched. */
function oldestUnreadAt(entry: PartitionEntry): number | null {
  const { window, waited } = entry;
  if ((lagOf(entry) ?? 0) === 0) return null;
  const oldest = window.first ?? (waited !== null && waited.offset >= window.committable ? waited : null);
  return oldest === null || oldest.timestamp < 0 ? null : oldest.timestamp;
}
