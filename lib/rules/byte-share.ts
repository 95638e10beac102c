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
 * Whether a topic may take more records into memory: every topic always has its minimum, none gets more than
 * a quarter, and a single oversized batch is admitted when its topic holds nothing, or it could never pass.
 */
export function mayAdmit(request: ByteShareRequest): boolean {
  const { bytes, held, used, maxBytes, topics } = request;
  if (held === 0 || bytes === 0) return true;
  const wanted = held + bytes;
  const guaranteed = Math.min(GUARANTEE_LIMIT_BYTES, maxBytes / (4 * Math.max(1, topics)));
  if (wanted <= guaranteed) return true;
  return wanted <= maxBytes / 4 && used + bytes <= maxBytes;
}
