/** What one topic asks for and what the host has given away. All in bytes of decoded records. */
export interface ByteShareRequest {
  readonly bytes: number;
  /** Held by the topic that asks. */
  readonly held: number;
  /** Held by all topics together. */
  readonly used: number;
  /** `kafka.inFlight.maxBytes`. */
  readonly maxBytes: number;
  /** What `readAheadBytes` says. */
  readonly readAhead: number;
  /** Topics that share it. */
  readonly topics: number;
}

/** No topic's guaranteed minimum is larger than this: enough for one full bulk of short lines. */
const GUARANTEE_LIMIT_BYTES = 1024 * 1024;

const LEAST_READ_AHEAD_BYTES = 16 * 1024 * 1024;

/**
 * How much a topic may hold, sent and not: all bulks that may be in flight at once, full, and the next one. More keeps
 * nothing busier where Elasticsearch is what takes long, and has grown cold by the time it is sent (infra/bench/README.md).
 */
export function readAheadBytes(bulk: { readonly concurrency: number; readonly maxBytes: number }): number {
  return Math.max(LEAST_READ_AHEAD_BYTES, (bulk.concurrency + 1) * bulk.maxBytes);
}

/**
 * Whether a topic may take more records into memory: every topic always has its minimum, none gets more than a quarter
 * or what it needs to read ahead, and a single oversized batch is admitted when its topic holds nothing, or it could
 * never pass: one at a time beyond the limit.
 */
export function mayAdmit(request: ByteShareRequest): boolean {
  const { bytes, held, used, maxBytes, readAhead, topics } = request;
  if (bytes === 0 || (held === 0 && used <= maxBytes)) return true;
  const wanted = held + bytes;
  if (wanted <= guaranteedBytes(maxBytes, topics)) return true;
  return wanted <= Math.min(maxBytes / 4, readAhead) && used + bytes <= maxBytes;
}

/** What every topic may hold, whatever the others hold. */
export function guaranteedBytes(maxBytes: number, topics: number): number {
  return Math.min(GUARANTEE_LIMIT_BYTES, maxBytes / (4 * Math.max(1, topics)));
}
