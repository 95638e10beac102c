import type { Batch, Consumer } from "kafkajs";
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

/** Takes a batch on; the heartbeat keeps the membership. */
export type Pass = (batch: FetchedBatch, heartbeat: () => Promise<void>) => Promise<void>;

/** kafkajs does not call eachBatch where a batch holds nothing but markers or aborted records. */
export function passOnEmptyBatches(consumer: Consumer, pass: Pass, crash: (error: unknown) => void): void {
  const noHeartbeat = (): Promise<void> => Promise.resolve();
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize > 0) return;
    const batch = {
      partition: payload.partition,
      records: [],
      start: Number(payload.fetchedOffset),
      end: Number(payload.lastOffset) + 1,
    };
    pass(batch, noHeartbeat).catch(crash);
  });
}
