import type { Generations } from "../../../rules/audit/generations.ts";
import type { IndexNames } from "./answers.ts";
import type { DocumentCursor } from "./document-cursor.ts";

/** A snapshot of all documents of one topic. */
export interface RecordDocuments {
  /** The indices, aliases and data streams that match the topic's index. */
  readonly names: IndexNames;
  /** The indices behind the topic's index if that is an alias or data stream, otherwise null. */
  readonly generations: Generations | null;
  /** The number of documents so far whose `_id` was not assigned by Penstock. */
  readonly foreign: number;
  /** Returns whether an index, alias or data stream of `names` has its own ingest pipeline. */
  hasPipeline(index: string): boolean;
  /**
   * Returns the offset that was written first to the oldest index behind the topic's alias or data stream that has
   * documents of the partition; null if none has.
   */
  firstOffset(partition: number): Promise<number | null>;
  /** Whether indices that left the topic's alias or data stream hold documents of the topic. */
  readonly hasStrayed: boolean;
  /** Whether shards of indices other than the topic's own did not answer: documents that it wrote there before are not seen. */
  readonly isPartial: boolean;
  /**
   * Returns which of these ids exist by now in the topic's indices, and in those that left its alias or data stream.
   * @throws PenstockError while one of their shards does not answer
   */
  byNow(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Returns which of these ids exist in any index, even one outside the topic's index pattern. All indices are refreshed
   * once before; with `refresh: false` never, and documents of the last moments may be missing.
   * @throws as `byNow` if some are not found, unless with `refresh: false`
   */
  anywhere(ids: readonly string[], how?: { readonly refresh: boolean }): Promise<ReadonlySet<string>>;
  /** Iterates over the documents of a partition at offsets [start, end), sorted by offset. */
  cursor(partition: number, start: number, end: number): DocumentCursor;
  /** Returns the lowest offset of a document at offsets [start, end), or null. @throws as `byNow` */
  lowestOffset(partition: number, start: number, end: number): Promise<number | null>;
  /** Returns the number of documents below an offset. */
  countBelow(partition: number, offset: number): Promise<number>;
  /**
   * Leaves one document of each id among the indices that the topic's index leads to: copies elsewhere may have been made on
   * purpose. Returns how many were deleted.
   * @param homes by id: where the document stays if it is there; else, it is the one in the oldest index
   */
  removeExtraCopies(ids: readonly string[], homes?: ReadonlyMap<string, string>): Promise<number>;
  close(): Promise<void>;
}
