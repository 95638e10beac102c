import { messageOf } from "../../../rules/base/errors.ts";
import { SetAside } from "../../../rules/model/record.ts";

/** A record batch that cannot be decoded. */
export interface Unreadable {
  readonly partition: number;
  /** Its first offset. */
  readonly first: number;
  readonly last: number;
  readonly records: number;
  /** As sent. */
  readonly bytes: number;
  readonly error: unknown;
}

/** Decides what to do with record batches that cannot be decoded. */
export interface UnreadableBatches {
  /** Returns null if it should be fetched again. */
  setAside(batch: Unreadable): SetAside | null;
}

/** How often an unreadable batch is fetched, because it may have been damaged in transit. */
const TRIES = 3;

export function createUnreadableBatches(maxBatchBytes: number): UnreadableBatches {
  /** By partition, the offset that could not be read, and how often. */
  const failing = new Map<number, { readonly first: number; readonly tries: number }>();
  return {
    setAside({ partition, first, last, records, bytes, error }) {
      const batch = `the record batch at offsets ${first} to ${last} (${bytes} bytes as sent)`;
      if (isTooLarge(error)) {
        const reason = `${batch} takes more memory than kafka.maxBatchBytes, ${maxBatchBytes} bytes`;
        return new SetAside({ type: "batch_too_large", reason, end: last + 1, records });
      }
      const before = failing.get(partition);
      const tries = before?.first === first ? before.tries + 1 : 1;
      failing.set(partition, { first, tries });
      if (tries < TRIES) return null;
      failing.delete(partition);
      const reason = `${batch} cannot be read: ${messageOf(error)}`;
      return new SetAside({ type: "batch_unreadable", reason, end: last + 1, records });
    },
  };
}

/** True for errors of the decoder or a codec that report too much memory. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "tooLarge" in error && error.tooLarge === true;
}

/** Counts the memory of a record batch while it is decoded, up to a limit. */
export class BatchMemory {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get left(): number {
    return this.#maxBytes - this.#bytes;
  }

  /** @throws Error that {@link isTooLarge} */
  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#maxBytes) return;
    throw Object.assign(new Error(`it takes over ${this.#maxBytes} bytes in memory`), { tooLarge: true });
  }
}
