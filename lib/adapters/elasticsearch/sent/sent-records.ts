import type { TakenNames } from "../../../rules/model/index-fields.ts";
import type { NamesWanted } from "../names/taken-names.ts";

/** What a name that is written to leads to. */
export type Target =
  /** A concrete index, or one index per day: an `_id` that is sent again meets its document. */
  | { readonly kind: "fixed" }
  /** Nothing has this name yet; the first document creates it, as an index or as a data stream. */
  | { readonly kind: "absent" }
  /**
   * An alias or a data stream: what is sent again may go to another index than the first time.
   * `indices`: those behind it now. `writesTo`: the stream, or the index that the alias writes to.
   */
  | { readonly kind: "moving"; readonly indices: readonly string[]; readonly writesTo: string };

/** Offsets [start, end) of one partition. */
export interface Span {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

export interface SpansOfTopic {
  readonly topic: string;
  /** Names and patterns to search in; missing ones contain nothing. */
  readonly places: readonly string[];
  readonly spans: readonly Span[];
}

/**
 * Answers what earlier requests have left in Elasticsearch. Each method takes many questions and needs few requests.
 * All throw PenstockError `elasticsearch_unavailable` (ask again) or `elasticsearch_refused` (forbidden, or not offered
 * by this server), or the signal's reason.
 */
export interface SentRecords {
  /** @param indices as in `Specification.index`: a name, possibly with a date placeholder */
  targets(indices: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Target>>;
  /**
   * Returns which bulk requests Elasticsearch executes at the moment, for each group of names: their ids.
   * @param groups a target's own name and those of its indices
   */
  underWay(
    groups: readonly (readonly string[])[],
    signal: AbortSignal,
  ): Promise<readonly ReadonlySet<string>[]>;
  /**
   * Notes which of the wanted names the topic may use as indices; each host gets the same answer, for good.
   * @returns all names that it may use by now
   */
  takeNames(wanted: NamesWanted, signal: AbortSignal): Promise<TakenNames>;
  /** Makes everything that was written visible to the methods below. Fails if a shard of any place fails. */
  refresh(places: readonly string[], signal: AbortSignal): Promise<void>;
  /**
   * Returns the highest offset of a document in each span, by partition; a partition without one is left out.
   * @returns one answer per topic; an error if that search failed
   */
  highest(
    topics: readonly SpansOfTopic[],
    signal: AbortSignal,
  ): Promise<readonly (ReadonlyMap<number, number> | Error)[]>;
  /** Returns which of these ids exist in any index of the places. */
  existing(
    places: readonly string[],
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>;
}
