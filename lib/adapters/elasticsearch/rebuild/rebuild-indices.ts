import type { ResolvedName } from "../names/resolved-name.ts";

/** What a rebuild asks of Elasticsearch. All throw PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`. */
export interface RebuildIndices {
  /** What these names stand for; left out is what does not exist. */
  resolve(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ResolvedName>>;
  /** The UUID of an index; null if there is none. */
  uuid(index: string, signal: AbortSignal): Promise<string | null>;
  /** Creates the index, with what templates say of it. */
  create(index: string, signal: AbortSignal): Promise<void>;
  /** Takes the index out of the alias of all indices, so that no search finds a record twice. */
  hide(index: string, signal: AbortSignal): Promise<void>;
  /** The number of documents in the index, of the topic and of others. */
  documents(
    index: string,
    topic: string,
    signal: AbortSignal,
  ): Promise<{ readonly own: number; readonly others: number }>;
  /** The number of the topic's documents in the index whose records are below these offsets, by partition. */
  countBelow(
    index: string,
    topic: string,
    starts: ReadonlyMap<number, number>,
    signal: AbortSignal,
  ): Promise<number>;
  /**
   * Moves the alias, and the alias of all indices, from one index to another, in one step: no search and no write meets a
   * moment in between. The alias keeps its filter, routing and `is_write_index`.
   * @param alias null: only the alias of all indices
   */
  swap(
    names: { readonly alias: string | null; readonly from: string; readonly to: string },
    signal: AbortSignal,
  ): Promise<void>;
}
