import { contentBytesOf, type RecordHeader, type SourceRecord } from "../../../lib/rules/model/record.ts";
import type { RecordsBlob } from "../../../lib/adapters/kafka/protocol/wire.ts";

/** What a producer gives. */
export interface NewRecord {
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** A record batch as it stands in the log. */
export interface SimulatedBatch {
  readonly baseOffset: number;
  /** Of the batch, whatever compaction has left of its records. */
  readonly lastOffset: number;
  readonly byteLength: number;
  /** -1: none. */
  readonly producerId: number;
  readonly transactional: boolean;
  /** A marker that ends a transaction, which is no record for anybody. */
  readonly control: "commit" | "abort" | null;
  /** None: compaction took them all, and the batch stands for its producer's sequence alone. */
  readonly records: readonly SourceRecord[];
}

/** What stands for the bytes of a fetch answer. */
export class SimulatedRecords implements RecordsBlob {
  readonly byteLength: number;
  readonly batches: readonly SimulatedBatch[];

  constructor(batches: readonly SimulatedBatch[]) {
    this.batches = batches;
    this.byteLength = batches.reduce((bytes, batch) => bytes + batch.byteLength, 0);
  }
}

/** Of a record batch, version 2, without records; and about what a record has around its content. */
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
