import type { SourceRecord } from "../../../rules/model/record.ts";

/** What was read of one partition at once. */
export interface FetchedBatch {
  readonly partition: number;
  readonly records: readonly SourceRecord[];
  /** Where it was read from: the end of the batch before, unless the position was moved. */
  readonly start: number;
  /** One past the last offset this batch covers, records or not. */
  readonly end: number;
}
