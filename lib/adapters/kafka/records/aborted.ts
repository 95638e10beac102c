import type { AbortedTransaction } from "../protocol/wire.ts";
import type { BatchHeader } from "./batch-header.ts";
import { firstKey } from "./record-fields.ts";

/** Tells which record batches belong to aborted transactions; must be called in log order. */
export interface AbortedBatches {
  /** @throws Error if a control batch cannot be read */
  isAborted(header: BatchHeader, buffer: Buffer): boolean;
}

const ABORT = 0;

/** Like CompletedFetch.nextFetchedRecord in Kafka: the broker lists aborted transactions; each ends with a marker. */
export function trackAborted(transactions: readonly AbortedTransaction[]): AbortedBatches {
  // The broker lists them in the order they ended.
  const ahead = transactions.toSorted((a, b) => b.firstOffset - a.firstOffset);
  const producers = new Set<number>();
  return {
    isAborted(header, buffer) {
      const { producerId, lastOffset, isControl, isTransactional } = header;
      if (producerId < 0 || (ahead.length === 0 && producers.size === 0)) return false;
      for (
        let next = ahead.at(-1);
        next !== undefined && next.firstOffset <= lastOffset;
        next = ahead.at(-1)
      ) {
        producers.add(next.producerId);
        ahead.pop();
      }
      if (!isControl) return isTransactional && producers.has(producerId);
      if (isAbortMarker(header, buffer)) producers.delete(producerId);
      return false;
    },
  };
}

/** A marker's key holds version and type; later versions may append more. */
export function isAbortMarker(header: BatchHeader, buffer: Buffer): boolean {
  if (header.count === 0) return false;
  const key = firstKey(buffer, header);
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT;
}
