/** `tail`: near its end, in the long poll with all others. `backlog`: far behind, in turns, in large pieces. */
export type ReadLane = "tail" | "backlog";

/** Of one partition in the tail's answer. A topic's first fetches are no larger, so a thousand of them stay below 64 MB. */
export const tailPartBytes = 256 * 1024;
/** Of the tail's answer as a whole: more would keep the others waiting, on a slow line for long. */
export const tailAnswerBytes = 1024 * 1024;
/** Of one partition in the backlog's answer. */
const backlogPartBytes = 8 * 1024 * 1024;
/** Of the backlog's answer as a whole. */
export const backlogAnswerBytes = 16 * 1024 * 1024;
/** A request names no more partitions: ten thousand that begin at once are read within some ten requests. */
const TURN_PARTITIONS = 1_000;
/** It is far behind with more than two of the tail's answers would bring. */
const FAR_BYTES = 2 * tailPartBytes;
/** And near its end with less than a quarter of one: in between it stays where it is. */
const NEAR_BYTES = tailPartBytes / 4;

/** About the bytes that a partition is behind. @param bytesPerOffset of what came last; null: nothing came yet */
export function behindBytes(offset: number, end: number, bytesPerOffset: number | null): number {
  const offsets = Math.max(0, end - offset);
  return offsets === 0 ? 0 : offsets * (bytesPerOffset ?? FAR_BYTES);
}

/** Where a partition is read next. */
export function laneFor(now: ReadLane, behind: number): ReadLane {
  if (behind > FAR_BYTES) return "backlog";
  return behind < NEAR_BYTES ? "tail" : now;
}

/** Those whose turn it is, and how much each may bring. */
export interface Turn<T> {
  readonly asks: readonly { readonly item: T; readonly maxBytes: number }[];
  readonly maxBytes: number;
}

/**
 * Takes the next turn off those that wait, in the order in which they came: what was read comes back behind the others, so
 * that each gets as many turns as any other. As many at once as one answer has room for: a broker cuts what it sends of a
 * partition off in the middle of a record batch, so pieces are as large as they may be, and few.
 *
 * @param roomFor how many bytes it may bring; 0: it does not take part, and waits no more
 * @param maxBytes of all together
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
