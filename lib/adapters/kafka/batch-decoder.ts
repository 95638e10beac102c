import { KafkaJSError, type UndecodedBatch, type UnreadableBatch } from "kafkajs";
import { messageOf } from "../../rules/errors.ts";
import { SetAside } from "../../rules/record.ts";

/** Decodes what one consumer of a topic fetched: a bounded piece of a partition at a time. */
export interface BatchDecoder {
  /**
   * About the memory that the batch will take, by what the last one took; decoding says how much it is.
   * May be decoded again after it was dropped.
   * @throws KafkaJSError, which makes kafkajs fetch again, where a record batch cannot be read
   */
  open(batch: UndecodedBatch): DecodableBatch;
  /** How much of a partition a fetch needs not exceed: more of it would be thrown away and fetched again. */
  readonly usefulBytes: number;
}

export interface DecodableBatch {
  readonly expectedBytes: number;
  /** @returns the memory it takes */
  decode(): Promise<number>;
  drop(): void;
}

/** One piece: above what all bulks in flight hold of ordinary log lines. A record batch that takes more is one by itself. */
const PIECE_BYTES = 32 * 1024 * 1024;
/** A record batch that could not be read may have been damaged on its way: it is fetched again so often. */
const TRIES = 3;

export function createBatchDecoder(topic: string, maxBatchBytes: number): BatchDecoder {
  /** How much more memory what was decoded last takes than it did on the wire. */
  let expansion = 1;
  /** By partition, the place that could not be read, and how often. */
  const failing = new Map<number, { readonly first: number; readonly tries: number }>();

  /** Null: it is to be fetched again. */
  const setAside = (
    partition: number,
    { first, last, records, bytes, error }: UnreadableBatch,
  ): SetAside | null => {
    const batch = `the record batch at offsets ${first} to ${last} (${bytes} bytes as sent)`;
    if (isTooLarge(error)) {
      const reason = `${batch} takes more memory than kafka.maxBatchBytes, ${maxBatchBytes} bytes`;
      return new SetAside({ type: "batch_too_large", reason, end: last + 1, records });
    }
    const before = failing.get(partition);
    const tries = before?.first === first ? before.tries + 1 : 1;
    failing.set(partition, { first, tries });
    if (tries < TRIES) return null;
    const reason = `${batch} cannot be read: ${messageOf(error)}`;
    return new SetAside({ type: "batch_unreadable", reason, end: last + 1, records });
  };

  return {
    get usefulBytes() {
      return PIECE_BYTES / expansion;
    },
    open(batch) {
      const { partition, undecoded } = batch;
      return {
        expectedBytes: Math.min(PIECE_BYTES, Math.ceil(undecoded.length * expansion)),
        drop: () => batch.drop(),
        async decode() {
          try {
            const { decodedBytes, usedBytes } = await batch.decode({
              maxBatchBytes,
              maxBytes: Math.min(PIECE_BYTES, maxBatchBytes),
              onUnreadable: (unreadable) => setAside(partition, unreadable),
            });
            if (usedBytes > 0) expansion = Math.max(1, decodedBytes / usedBytes);
            return decodedBytes;
          } catch (error) {
            const message = `topic "${topic}", partition ${partition}: a record batch cannot be read: ${messageOf(error)}`;
            throw new KafkaJSError(message, { retriable: true });
          }
        },
      };
    },
  };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "tooLarge" in error && error.tooLarge === true;
}
