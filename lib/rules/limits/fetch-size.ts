/** The input for sizing a topic's next fetch. All in bytes. */
export interface FetchSizeInput {
  /** The limit of the last fetch; null if there was none. */
  readonly lastLimit: number | null;
  /** The decoded size of the last fetch. */
  readonly lastBytes: number;
  /** The memory still available on the host. */
  readonly free: number;
  /** The number of topics fetching more than the smallest size, including this one. */
  readonly busyTopics: number;
}

/** The smallest limit; Kafka returns at least one record batch anyway. A thousand idle topics stay below 64 MB. */
export const smallestFetchBytes = 64 * 1024;
export const largestFetchBytes = 8 * 1024 * 1024;
const goodPart = 1 / 4;

/**
 * The size of a topic's next fetch: twice the last limit if a good part of it was used, otherwise twice what was received.
 * A response in transit is memory not accounted for yet. It is risked only for a topic with something to read, and never
 * beyond a fair share of the free memory.
 *
 * A good part is a quarter, not nearly all: brokers truncate a response in the middle of a record batch, in each partition,
 * and the truncated part does not count as received. With batches of half a megabyte, sizes got stuck at 1.3 MB.
 *
 * Kafka limits the compressed size, but memory holds the decompressed one, so the size is scaled by the expansion of the
 * last fetch.
 */
export function nextFetchBytes({ lastLimit, lastBytes, free, busyTopics }: FetchSizeInput): number {
  if (lastLimit === null) return smallestFetchBytes;
  const received = Math.min(lastBytes, lastLimit);
  const expansion = Math.max(1, lastBytes / lastLimit);
  const fair = free / Math.max(1, busyTopics) / expansion;
  const wanted = received >= lastLimit * goodPart ? lastLimit * 2 : received * 2;
  return Math.round(Math.max(smallestFetchBytes, Math.min(wanted, largestFetchBytes, fair)));
}
