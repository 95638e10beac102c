import type { SourceRecord } from "../../../rules/model/record.ts";
import type { Spans } from "../../../rules/offsets/span-tracks.ts";

/** Records of one partition, read together. */
export interface FetchedBatch {
  readonly partition: number;
  readonly records: readonly SourceRecord[];
  /** The end of the previous batch, unless the position was moved. */
  readonly start: number;
  /** One past the last offset this batch covers, records or not. */
  readonly end: number;
}

/** Records of one partition, and how far Kafka was read. */
export type ReadBatch = Omit<FetchedBatch, "start">;

/** Reads each span of a topic once, in order of offsets. */
export type ReadSpans = (spans: Spans, onBatch: (batch: ReadBatch) => Promise<void>) => Promise<void>;
