/** A topic's request for memory, and the host's current usage. All in bytes of decoded records. */
export interface ByteShareRequest {
  readonly bytes: number;
  /** Held by the requesting topic. */
  readonly held: number;
  /** Held by all topics together. */
  readonly used: number;
  /** `kafka.inFlight.maxBytes`. */
  readonly maxBytes: number;
  /** The result of `readAheadBytes`. */
  readonly readAhead: number;
  /** The number of topics that share `maxBytes`. */
  readonly topics: number;
}

/** Upper limit of a topic's guaranteed minimum: enough for one full bulk of short lines. */
const GUARANTEE_LIMIT_BYTES = 1024 * 1024;

const LEAST_READ_AHEAD_BYTES = 16 * 1024 * 1024;

/**
 * The limit of what a topic holds, sent or not: the maximum number of full bulks in flight, plus the next one. Reading
 * further ahead does not help when Elasticsearch is the bottleneck, and the data has left the CPU cache by the time it is
 * sent (infra/bench/README.md).
 */
export function readAheadBytes(bulk: { readonly concurrency: number; readonly maxBytes: number }): number {
  return Math.max(LEAST_READ_AHEAD_BYTES, (bulk.concurrency + 1) * bulk.maxBytes);
}

/**
 * Whether a topic may take more records into memory. Every topic always gets its minimum, and none more than a quarter or
 * than it needs to read ahead. A topic that holds nothing may take a single oversized batch, which could never pass
 * otherwise: one at a time beyond the limit.
 */
export function mayAdmit(request: ByteShareRequest): boolean {
  const { bytes, held, used, maxBytes, readAhead, topics } = request;
  if (bytes === 0 || (held === 0 && used <= maxBytes)) return true;
  const wanted = held + bytes;
  if (wanted <= guaranteedBytes(maxBytes, topics)) return true;
  return wanted <= Math.min(maxBytes / 4, readAhead) && used + bytes <= maxBytes;
}

/** Every topic may hold this much, whatever the others hold. */
export function guaranteedBytes(maxBytes: number, topics: number): number {
  return Math.min(GUARANTEE_LIMIT_BYTES, maxBytes / (4 * Math.max(1, topics)));
}
