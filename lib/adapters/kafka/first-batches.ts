import type { Position } from "../../rules/position.ts";
import type { FetchedBatch } from "./fetched-batch.ts";

/**
 * The beginning of each partition under one assignment, where it is read from the record before its position: that
 * record shows whether the log is still the same, and is not handed on.
 */
export class FirstBatches {
  /** Those whose position no batch has reached yet. */
  readonly #open: Map<number, Position>;

  constructor(positions: ReadonlyMap<number, Position>) {
    this.#open = new Map([...positions].filter(([, { check }]) => check !== null));
  }

  /**
   * @returns the batch as if it had been read from the position on; null where another record stands at the offset of
   *   the last one that was read: the log was created again. A record that compaction took cannot be compared.
   */
  take(batch: FetchedBatch): FetchedBatch | null {
    const { partition } = batch;
    const position = this.#open.get(partition);
    if (position === undefined) return batch;
    const { start, check } = position;
    const found = batch.records.find(({ offset }) => offset === check?.offset);
    if (found !== undefined && found.timestamp !== check?.timestamp) return null;
    if (batch.end >= start) this.#open.delete(partition);
    return {
      partition,
      records: batch.records.filter(({ offset }) => offset >= start),
      start: Math.max(batch.start, start),
      end: Math.max(batch.end, start),
    };
  }
}
