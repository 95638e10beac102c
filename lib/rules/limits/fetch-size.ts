/** What a topic's next fetch is sized by. All in bytes. */
export interface FetchSizeInput {
  /** The size the last fetch was allowed; null: there was none. */
  readonly lastLimit: number | null;
  /** What the last fetch brought, decoded. */
  readonly lastBytes: number;
  /** What the host may still take into memory. */
  readonly free: number;
  /** Topics that are fetching more than the smallest size, this one included. */
  readonly busyTopics: number;
}

/** A fetch is never smaller; Kafka returns one record batch in any case. A thousand idle topics stay below 64 MB. */
export const smallestFetchBytes = 64 * 1024;
export const largestFetchBytes = 8 * 1024 * 1024;
const goodPart = 1 / 4;

/**
 * How much a topic asks for next: twice as much, where a good part of what was allowed came last, otherwise twice what
 * came. So memory that nobody has accounted for yet (a response under way) is only ever risked for a topic that has
 * something to read, and never more than a fair part of what is free.
 *
 * A good part is a quarter, not nearly all: brokers cut a response off in the middle of a record batch, in each partition,
 * and what is cut off does not count as having come. With batches of half a megabyte, sizes stood still at 1.3 MB.
 *
 * Kafka bounds what it sends, compressed; memory is taken by what comes out of it. So the size is scaled by what the
 * last fetch expanded to.
 */
export function nextFetchBytes({ lastLimit, lastBytes, free, busyTopics }: FetchSizeInput): number {
  if (lastLimit === null) return smallestFetchBytes;
  const received = Math.min(lastBytes, lastLimit);
  const expansion = Math.max(1, lastBytes / lastLimit);
  const fair = free / Math.max(1, busyTopics) / expansion;
  const wanted = received >= lastLimit * goodPart ? lastLimit * 2 : received * 2;
  return Math.round(Math.max(smallestFetchBytes, Math.min(wanted, largestFetchBytes, fair)));
}
