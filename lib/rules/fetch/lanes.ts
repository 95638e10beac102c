/**
 * `tail`: near the end of the log, in one long poll with all other such partitions. `backlog`: far behind, read in
 * turns and in large pieces.
 */
export type ReadLane = "tail" | "backlog";

/** Limit for one partition in the tail's answer. First fetches are no larger, so that many topics can start at once. */
export const tailPartBytes = 256 * 1024;
/** Limit for the tail's whole answer. More would keep other partitions waiting, especially on a slow line. */
export const tailAnswerBytes = 1024 * 1024;
/** Limit for one partition in the backlog's answer. */
const backlogPartBytes = 8 * 1024 * 1024;
/** Limit for the backlog's whole answer. */
export const backlogAnswerBytes = 16 * 1024 * 1024;
/** Limit for one request: ten thousand partitions that start at once take about ten requests. */
const TURN_PARTITIONS = 1_000;
/** A partition moves to the backlog if it is further behind than two of the tail's answers. */
const FAR_BYTES = 2 * tailPartBytes;
/** It returns to the tail at less than a quarter of one. In between it stays in its lane. */
const NEAR_BYTES = tailPartBytes / 4;

/** Estimates how far a partition is behind. @param bytesPerOffset of the latest records; null if there are none yet */
export function behindBytes(offset: number, end: number, bytesPerOffset: number | null): number {
  const offsets = Math.max(0, end - offset);
  return offsets === 0 ? 0 : offsets * (bytesPerOffset ?? FAR_BYTES);
}

/** The lane in which a partition is read next. */
export function laneFor(now: ReadLane, behind: number): ReadLane {
  if (behind > FAR_BYTES) return "backlog";
  return behind < NEAR_BYTES ? "tail" : now;
}

/** The items whose turn it is, and how much each may bring. */
export interface Turn<T> {
  readonly asks: readonly { readonly item: T; readonly maxBytes: number }[];
  readonly maxBytes: number;
}

/**
 * Removes the next turn from the waiting items, first come, first served. Callers requeue items behind the others, so
 * all get equally many turns. A turn has as many items as one answer has room for, each as large as allowed: a broker
 * cuts off its answer in the middle of a record batch, so few large pieces waste less.
 *
 * @param roomFor how many bytes an item may bring; 0 skips it and removes it from the queue
 * @param maxBytes limit for all items together
 */
export function takeTurn<T>(waiting: Set<T>, roomFor: (item: T) => number, maxBytes: number): Turn<T> {
  const asks: { item: T; maxBytes: number }[] = [];
  let bytes = 0;
  for (const item of waiting) {
    if (bytes >= maxBytes || asks.length === TURN_PARTITIONS) break;
    waiting.delete(item);
    const room = Math.min(roomFor(item), backlogPartBytes);
    if (room <= 0) continue;
    asks.push({ item, maxBytes: room });
    bytes += room;
  }
  return { asks, maxBytes: Math.min(bytes, maxBytes) };
}
