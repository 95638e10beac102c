import type { AbortedTransaction } from "../../../lib/adapters/kafka/protocol/wire.ts";
import {
  batchBytesOf,
  MARKER_BYTES,
  SimulatedRecords,
  type NewRecord,
  type SimulatedBatch,
} from "./records.ts";

/** The result of reading a log. */
export interface LogRead {
  readonly records: SimulatedRecords | null;
  readonly aborted: readonly AbortedTransaction[];
}

interface Transaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** The offset of its end marker. */
  readonly end: { readonly offset: number; readonly aborted: boolean } | null;
}

/** One partition's record batches, like Kafka's. */
export class PartitionLog {
  readonly #partition: number;
  #batches: SimulatedBatch[] = [];
  #transactions: Transaction[] = [];
  #start = 0;
  #end = 0;

  constructor(partition: number) {
    this.#partition = partition;
  }

  /** The first readable offset. */
  get start(): number {
    return this.#start;
  }

  /** The next offset. */
  get end(): number {
    return this.#end;
  }

  get batches(): readonly SimulatedBatch[] {
    return this.#batches;
  }

  /** @param producerId of a transaction; -1 if none */
  append(records: readonly NewRecord[], producerId = -1): SimulatedBatch {
    if (
      producerId !== -1 &&
      !this.#transactions.some((one) => one.producerId === producerId && one.end === null)
    )
      this.#transactions.push({ producerId, firstOffset: this.#end, end: null });
    const baseOffset = this.#end;
    return this.#add({
      baseOffset,
      lastOffset: baseOffset + records.length - 1,
      byteLength: batchBytesOf(records),
      producerId,
      transactional: producerId !== -1,
      control: null,
      records: records.map((record, at) => ({
        partition: this.#partition,
        offset: baseOffset + at,
        ...record,
      })),
    });
  }

  /** Ends the producer's transaction, if it has written to this partition. */
  endTransaction(producerId: number, control: "commit" | "abort"): void {
    const marker = { offset: this.#end, aborted: control === "abort" };
    this.#transactions = this.#transactions.map((one) =>
      one.producerId === producerId && one.end === null ? { ...one, end: marker } : one,
    );
    this.#add({
      baseOffset: this.#end,
      lastOffset: this.#end,
      byteLength: MARKER_BYTES,
      producerId,
      transactional: true,
      control,
      records: [],
    });
  }

  /** The last stable offset for that high watermark: below it, every transaction has ended. */
  stableBelow(highWatermark: number): number {
    return this.#transactions.reduce(
      (stable, { firstOffset, end }) =>
        end === null || end.offset >= highWatermark ? Math.min(stable, firstOffset) : stable,
      highWatermark,
    );
  }

  /** The number of bytes from there on, below that. */
  bytesBetween(from: number, below: number, atMost: number): number {
    let bytes = 0;
    for (let at = this.#find(from); bytes < atMost; at += 1) {
      const batch = this.#batches[at];
      if (batch === undefined || batch.baseOffset >= below) break;
      bytes += batch.byteLength;
    }
    return bytes;
  }

  /**
   * Whole batches, from the one with that offset or the next existing one.
   * @param atLeastOne returns the first batch even if it exceeds `maxBytes`
   */
  read(from: number, below: number, maxBytes: number, atLeastOne: boolean): LogRead {
    const batches: SimulatedBatch[] = [];
    let bytes = 0;
    for (let at = this.#find(from); ; at += 1) {
      const batch = this.#batches[at];
      if (batch === undefined || batch.baseOffset >= below) break;
      if (bytes + batch.byteLength > maxBytes && !(atLeastOne && bytes === 0)) break;
      batches.push(batch);
      bytes += batch.byteLength;
    }
    const last = batches.at(-1);
    if (last === undefined) return { records: null, aborted: [] };
    return {
      records: new SimulatedRecords(batches),
      aborted: this.#transactions
        .filter(
          ({ firstOffset, end }) =>
            end?.aborted === true && end.offset >= from && firstOffset <= last.lastOffset,
        )
        .map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
    };
  }

  /** Deletes older batches, as retention does; a partly older batch stays whole. */
  deleteBefore(offset: number): void {
    this.#start = Math.max(this.#start, Math.min(offset, this.#end));
    this.#batches = this.#batches.filter(({ lastOffset }) => lastOffset >= this.#start);
    this.#transactions = this.#transactions.filter(({ end }) => end === null || end.offset >= this.#start);
  }

  /** Loses whole batches from there on. */
  truncate(offset: number): void {
    this.#batches = this.#batches.filter(({ lastOffset }) => lastOffset < offset);
    this.#end = Math.min(
      this.#end,
      Math.max(this.#start, (this.#batches.at(-1)?.lastOffset ?? this.#start - 1) + 1),
    );
    this.#transactions = this.#transactions
      .filter(({ firstOffset }) => firstOffset < this.#end)
      .map(({ producerId, firstOffset, end }) => ({
        producerId,
        firstOffset,
        end: end !== null && end.offset >= this.#end ? null : end,
      }));
  }

  /** Compacts batches below that offset to the kept records. An empty batch disappears or keeps only its header. */
  compact(below: number, keep: (offset: number) => boolean, keepHeader: () => boolean): void {
    this.#batches = this.#batches.flatMap((batch) => {
      if (batch.lastOffset >= below || batch.control !== null) return [batch];
      const records = batch.records.filter(({ offset }) => keep(offset));
      if (records.length === batch.records.length) return [batch];
      if (records.length === 0 && !keepHeader()) return [];
      return [{ ...batch, records, byteLength: batchBytesOf(records) }];
    });
  }

  #add(batch: SimulatedBatch): SimulatedBatch {
    this.#batches.push(batch);
    this.#end = batch.lastOffset + 1;
    return batch;
  }

  /** The index of the first batch that ends there or later. */
  #find(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const batch = this.#batches[middle];
      if (batch !== undefined && batch.lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
