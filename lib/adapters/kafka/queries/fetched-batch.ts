import type { SourceRecord } from "../../../rules/model/record.ts";

/** Records of one partition, read together. */
export interface FetchedBatch {
  readonly partition: number;
  readonly records: readonly SourceRecord[];
  /** The end of the previous batch, unless the position was moved. */
  readonly start: number;
  /** One past the last offset this batch covers, records or not. */
  readonly end: number;
}
