import type { Batch } from "kafkajs";
import type { SourceRecord } from "../../rules/record.ts";
import { toSourceRecord } from "./source-record.ts";

/** What one fetch returned for one partition. */
export interface FetchedBatch {
  readonly partition: number;
  readonly records: readonly SourceRecord[];
  /** The position it was fetched from: the end of the batch before, unless the position was moved. */
  readonly start: number;
  /** One past the last offset this batch covers, records or not. */
  readonly end: number;
}

export function toFetchedBatch(batch: Batch): FetchedBatch {
  const { partition, messages } = batch;
  return {
    partition,
    records: messages.map((message) => toSourceRecord(partition, message)),
    start: Number(batch.fetchedOffset),
    end: Number(batch.lastOffset()) + 1,
  };
}
