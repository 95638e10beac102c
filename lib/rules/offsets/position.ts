import type { Checkpoint } from "./checkpoint.ts";

/** What can be read of a partition's log: offsets [start, end). Retention moves the start, writing the end. */
export interface LogRange {
  readonly start: number;
  /** The last stable offset: the high watermark, or where the first open transaction begins. */
  readonly end: number;
}

/** Records that Kafka no longer holds and that were never read. */
export interface LostRange {
  readonly partition: number;
  /** The first offset that is lost. */
  readonly from: number;
  /** One past the last; null: nobody can tell, the log that held them is gone. */
  readonly to: number | null;
  /**
   * `retention`: deleted before they were read. `recreated`: the topic was deleted and created again, or its log cut off,
   * or the group's offset set by hand.
   */
  readonly cause: "retention" | "recreated";
}

/** A partition's log as it is now, beside what the group committed for it. */
export interface CommittedPosition {
  readonly partition: number;
  readonly committed: number;
  readonly checkpoint: Checkpoint | null;
  /** The first offset Kafka holds. */
  readonly logStart: number;
  /** The high watermark. */
  readonly logEnd: number;
}

/** Where reading goes on. */
export interface Position {
  /** The first record that is due. */
  readonly start: number;
  /**
   * The record to begin with instead, to see whether it is still the one that was read last; null: it cannot be told,
   * or need not.
   */
  readonly check: Checkpoint | null;
  readonly lost: LostRange | null;
}

/**
 * Where to go on after what was committed. Kafka would begin anew by itself at one of its ends and say nothing; here
 * whatever is still there is read, and what is not is reported.
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

/** What a partition whose log is another one goes on with: all that this log holds. */
export function startAgain(partition: number, committed: number, logStart: number): Position {
  return {
    start: logStart,
    check: null,
    lost: { partition, from: committed, to: null, cause: "recreated" },
  };
}

/** How many offsets a range is known to hold. */
export function lostOffsets({ from, to }: LostRange): number {
  return to === null ? 0 : to - from;
}

/** The range as a sentence for the log and for `GET /topics`. */
export function describeLost({ partition, from, to, cause }: LostRange): string {
  return cause === "retention"
    ? `partition ${partition}: Kafka deleted offsets ${from} to ${(to ?? from) - 1} before they were read`
    : `partition ${partition}: the log does not hold what was read up to offset ${from}: the topic was created again or cut off, or the group's offset was set by hand; it is read from its start`;
}
