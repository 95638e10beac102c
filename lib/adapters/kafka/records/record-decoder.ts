import type { SourceRecord } from "../../../rules/model/record.ts";
import type { FetchedPart } from "../reader/reader.ts";

/** Decodes the fetched parts of one topic. */
export interface RecordDecoder {
  open(part: FetchedPart): DecodablePart;
}

/** One fetched part, decoded piece by piece as memory allows. */
export interface DecodablePart {
  /** The first offset not decoded yet. Once nothing is left, the next fetch starts here. */
  readonly position: number;
  /** Estimated memory of the rest, based on earlier pieces; 0 if nothing is left. */
  readonly expectedBytes: number;
  /**
   * Decodes whole record batches up to `maxBytes` of memory, but at least one. Null if nothing is left; no promise if
   * nothing is compressed. An unreadable batch is left to be fetched again; after three tries it becomes one record,
   * set aside.
   */
  decodeNext(maxBytes: number): RecordPiece | null | Promise<RecordPiece | null>;
}

/** Records in the order of their offsets. */
export interface RecordPiece {
  readonly records: readonly SourceRecord[];
  /** The end of the previous piece, or the start of the fetch. */
  readonly start: number;
  /** One past the last offset covered, including markers, aborted and compacted records. */
  readonly end: number;
  /** Approximate memory. */
  readonly bytes: number;
}
