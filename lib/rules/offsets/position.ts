import type { Checkpoint } from "./checkpoint.ts";

/** The readable offsets [start, end) of a partition's log. Retention moves the start, writes move the end. */
export interface LogRange {
  readonly start: number;
  /** The last stable offset: the high watermark, or the start of the first open transaction. */
  readonly end: number;
}

/** Records that Kafka deleted before they were read. */
export interface LostRange {
  readonly partition: number;
  /** The first lost offset. */
  readonly from: number;
  /** One past the last; null if unknown, because that log no longer exists. */
  readonly to: number | null;
  /**
   * `retention`: deleted before they were read. `recreated`: the topic was recreated, its log was truncated, or the group's
   * offset was set by hand.
   */
  readonly cause: "retention" | "recreated";
}

/** The current log of a partition, and the group's commit for it. */
export interface CommittedPosition {
  readonly partition: number;
  readonly committed: number;
  readonly checkpoint: Checkpoint | null;
  /** The first offset in Kafka. */
  readonly logStart: number;
  /** The high watermark. */
  readonly logEnd: number;
}

/** Where reading continues. */
export interface Position {
  /** The next record to read. */
  readonly start: number;
  /**
   * The last record that was read. Read it first, to check that it is still the same one. Null if that is impossible or
   * unnecessary.
   */
  readonly check: Checkpoint | null;
  readonly lost: LostRange | null;
}

/**
 * Decides where to continue after a commit. Kafka itself would silently reset to one end of the log; this reads all that is
 * left and reports the rest as lost.
 */
export function resumeAt(position: CommittedPosition): Position {
  const { partition, committed, checkpoint, logStart, logEnd } = position;
  if (committed > logEnd) return startAgain(partition, committed, logStart);
  if (committed < logStart) {
    const lost: LostRange = { partition, from: committed, to: logStart, cause: "retention" };
    return { start: logStart, check: null, lost };
  }
  const there = checkpoint !== null && checkpoint.offset >= logStart && checkpoint.offset < committed;
  return { start: committed, check: there ? checkpoint : null, lost: null };
}

/** A partition with a new log continues at its start, to read all of it. */
export function startAgain(partition: number, committed: number, logStart: number): Position {
  return {
    start: logStart,
    check: null,
    lost: { partition, from: committed, to: null, cause: "recreated" },
  };
}

/** The number of lost offsets, 0 if unknown. */
export function lostOffsets({ from, to }: LostRange): number {
  return to === null ? 0 : to - from;
}

/** A sentence about the range, for the log and `GET /topics`. */
export function describeLost({ partition, from, to, cause }: LostRange): string {
  return cause === "retention"
    ? `partition ${partition}: Kafka deleted offsets ${from} to ${(to ?? from) - 1} before they were read`
    : `partition ${partition}: the log no longer contains what was read up to offset ${from}: the topic was recreated or truncated, or the group's offset was set by hand; reading restarts at the log start`;
}
