import { contentBytesOf, type RecordHeader, type SourceRecord } from "../../../lib/rules/model/record.ts";
import type { RecordsBlob } from "../../../lib/adapters/kafka/protocol/wire.ts";

/** A record from a producer. */
export interface NewRecord {
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** A record batch in the log. */
export interface SimulatedBatch {
  readonly baseOffset: number;
  /** The batch's range, even if compaction removed records. */
  readonly lastOffset: number;
  readonly byteLength: number;
  /** -1 if none. */
  readonly producerId: number;
  readonly transactional: boolean;
  /** A marker that ends a transaction, and is no record for consumers. */
  readonly control: "commit" | "abort" | null;
  /** May be empty: compaction removed all records, and the batch only keeps its producer's sequence. */
  readonly records: readonly SourceRecord[];
}

/** Replaces the bytes of a fetch answer. */
export class SimulatedRecords implements RecordsBlob {
  readonly byteLength: number;
  readonly batches: readonly SimulatedBatch[];

  constructor(batches: readonly SimulatedBatch[]) {
    this.batches = batches;
    this.byteLength = batches.reduce((bytes, batch) => bytes + batch.byteLength, 0);
  }
}

/** The size of an empty record batch, version 2; and roughly a record's size besides its content. */
const BATCH_HEADER_BYTES = 61;
const RECORD_FRAME_BYTES = 8;

export function batchBytesOf(records: readonly NewRecord[]): number {
  return records.reduce(
    (bytes, record) => bytes + RECORD_FRAME_BYTES + contentBytesOf(record),
    BATCH_HEADER_BYTES,
  );
}

/** A marker's key and value are 10 bytes. */
export const MARKER_BYTES = BATCH_HEADER_BYTES + RECORD_FRAME_BYTES + 10;
