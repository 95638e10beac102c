/** What one topic asks for and what the host has given away. All in bytes of decoded records. */
export interface ByteShareRequest {
  readonly bytes: number;
  /** Held by the topic that asks. */
  readonly held: number;
  /** Held by all topics together. */
  readonly used: number;
  /** `kafka.inFlight.maxBytes`. */
  readonly maxBytes: number;
  /** Topics that share it. */
  readonly topics: number;
}

/** No topic's guaranteed minimum is larger than this: enough for one full bulk of short lines. */
const GUARANTEE_LIMIT_BYTES = 1024 * 1024;

/**
 * How far a topic reads ahead of its bulks: several times what four of 5 MB hold of ordinary lines. More keeps nothing busier
 * where Elasticsearch is what takes long, and is old by the time it is sent: with a quarter of 256 MB, a host took
 * 8 % more CPU per record and 110 MB more memory.
 */
const READ_AHEAD_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Whether a topic may take more records into memory: every topic always has its minimum, none gets more than a quarter
 * or what it needs to read ahead, and a single oversized batch is admitted when its topic holds nothing, or it could
 * never pass.
 */
export function mayAdmit(request: ByteShareRequest): boolean {
  const { bytes, held, used, maxBytes, topics } = request;
  if (held === 0 || bytes === 0) return true;
  const wanted = held + bytes;
  const guaranteed = Math.min(GUARANTEE_LIMIT_BYTES, maxBytes / (4 * Math.max(1, topics)));
  if (wanted <= guaranteed) return true;
  return wanted <= Math.min(maxBytes / 4, READ_AHEAD_LIMIT_BYTES) && used + bytes <= maxBytes;
}
