import type { SourceRecord } from "../../../rules/model/record.ts";
import type { FetchedPart } from "../reader/reader.ts";

/** Makes records of what was fetched of one topic. */
export interface RecordDecoder {
  open(part: FetchedPart): DecodablePart;
}

/** One fetched part, decoded in pieces of which each is asked for when there is memory for it. */
export interface DecodablePart {
  /** The first offset that is not decoded yet. Once nothing is left, the next fetch begins here. */
  readonly position: number;
  /** About the memory that the next piece will take if it is not bounded, by what the last ones took; 0: nothing is left. */
  readonly expectedBytes: number;
  /**
   * What can be decoded within so much memory: whole record batches, and one at least, which may take more. Null:
   * nothing is left. A record batch that cannot be read is left over to be fetched again; after three tries it comes as
   * one record, set aside. At once where nothing is compressed.
   */
  decodeNext(maxBytes: number): RecordPiece | null | Promise<RecordPiece | null>;
}

/** Records in the order of their offsets. */
export interface RecordPiece {
  readonly records: readonly SourceRecord[];
  /** Where the piece before ended, or the fetch began. */
  readonly start: number;
  /** One past the last offset it covers, records or not: markers, aborted records and what compaction took count too. */
  readonly end: number;
  /** About the memory it takes. */
  readonly bytes: number;
}
