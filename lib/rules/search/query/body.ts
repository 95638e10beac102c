import { PenstockError } from "../../base/errors.ts";
import { levelFilters } from "../../level/shown-levels.ts";
import type { SearchCursor } from "./cursor.ts";
import type { Query } from "../grammar/query.ts";
import { countWords } from "../grammar/words.ts";
import type { KnownFilter, LogOrder } from "./log-request.ts";
import { fewFields, searchClauses } from "./search-clauses.ts";

/** Lines, and the strings of documents, are cut at this many bytes of UTF-8. */
export const lineBytes = 2_048;
/** Totals are counted up to here. */
const countedHits = 10_000;
/** Elasticsearch's time limit. When it is reached, it answers with what it has found so far. */
export const searchTimeoutSeconds = 10;

/**
 * How much of each hit is requested.
 * - **whole**: its source, and its message with all matches marked.
 * - **fragment**: one piece of its message and no source, if whole answers would be too large.
 * - **bare**: its position, and no text.
 */
export type HitForm = "whole" | "fragment" | "bare";

export interface LogSearch extends KnownFilter {
  readonly size: number;
  readonly order: LogOrder;
  readonly after: SearchCursor | null;
  /** Width of the histogram's bars; null if no histogram is requested. */
  readonly intervalMs: number | null;
  readonly form: HitForm;
  /** Whether to search few fields, above all `message`. */
  readonly inFewFields: boolean;
  /** Inserted before and after each match. Unpredictable, so that no log line can contain it. */
  readonly marker: string | null;
}

/** The body of a `_search` for one page of hits. `topics` must be listed: none means no hits. */
export function searchBody(search: LogSearch): object {
  const { size, after, intervalMs, form, marker } = search;
  return {
    timeout: `${searchTimeoutSeconds}s`,
    track_total_hits: countedHits,
    query: searchQuery(search, search.inFewFields),
    size,
    sort: sortBy(search.order),
    ...(after !== null && { search_after: after }),
    _source: form === "whole",
    // Not from the source, so that all forms are read alike.
    fields: ["tags", "kafka.topic", "log.level"],
    ...(marker !== null && form !== "bare" && { highlight: highlightOf(form, marker) }),
    ...(intervalMs !== null && {
      aggs: {
        bars: {
          date_histogram: { field: "@timestamp", fixed_interval: `${intervalMs}ms`, min_doc_count: 1 },
          aggs: { levels: levelFilters() },
        },
      },
    }),
  };
}

/** The query for all that is searched for, in its time. */
export function searchQuery(filter: KnownFilter, inFewFields: boolean): object {
  const { fromMs, toMs } = filter;
  return queryOf(filter, inFewFields, { gte: fromMs, lte: toMs, format: "epoch_millis" });
}

/** The body of a search for the time of the newest match, at any time. */
export function newestBody(filter: KnownFilter, inFewFields: boolean): object {
  return {
    timeout: `${searchTimeoutSeconds}s`,
    track_total_hits: false,
    query: queryOf(filter, inFewFields, null),
    size: 1,
    sort: sortBy("newest"),
    _source: false,
  };
}

/** The body of a search for one document of a topic. */
export function documentBody(topic: string, id: string, withSource: boolean): object {
  return {
    timeout: `${searchTimeoutSeconds}s`,
    track_total_hits: false,
    query: { bool: { filter: [{ ids: { values: [id] } }, ofTopics([topic])] } },
    size: 1,
    _source: withSource,
  };
}

/**
 * The last four order records of the same moment, so that no page loses one. `kafka.topic` is not among them: indices
 * without Penstock's template usually map it as text, which Elasticsearch refuses to sort by.
 */
function sortBy(first: LogOrder): readonly object[] {
  const order = first === "newest" ? "desc" : "asc";
  // An index that maps it as a keyword then fails alone: without the type, Elasticsearch refuses the search of all.
  const number = { unmapped_type: "long", numeric_type: "long", missing: -1 };
  return [
    { "@timestamp": { order, unmapped_type: "date", numeric_type: "date" } },
    { "kafka.partition": { order, ...number } },
    { "kafka.offset": { order, ...number } },
    { _index: { order } },
    { _seq_no: { order } },
  ];
}

function queryOf({ topics, query, fieldOf }: KnownFilter, inFewFields: boolean, time: object | null): object {
  const filter = [ofTopics(topics), time === null ? null : { range: { "@timestamp": time } }];
  return {
    bool: {
      filter: filter.filter((each) => each !== null),
      ...searchClauses(query, { fields: inFewFields ? fewFields : null, fieldOf }),
    },
  };
}

/**
 * Elasticsearch looks for each word in each field: 200 prefixes in 900 fields kept it busy for 8 s, eight for 0.5 s. In
 * `message` alone, as many as fit into a query take 0.1 s.
 */
const maxWordsInAllFields = 32;

/** Whether the query has too many words to search all fields. */
export function isForFewFields(query: Query | null): boolean {
  return countWords(query) > maxWordsInAllFields;
}

/** Whether Elasticsearch refused a query because an index has too many fields for its words. Few fields may work. */
export function isForTooManyFields(thrown: unknown): boolean {
  return thrown instanceof PenstockError && thrown.code === "usage" && saysTooManyFields(thrown.message);
}

/** The same for the reason of some shards, while others answer. */
export function saysTooManyFields(reason: string): boolean {
  return /too many (?:nested )?clauses|too_many_\w*clauses|matches too many fields/i.test(reason);
}

/** Indices without Penstock's template may map the topic with Elasticsearch's default for text. */
export function ofTopics(topics: readonly string[]): object {
  return {
    bool: { should: [{ terms: { "kafka.topic": topics } }, { terms: { "kafka.topic.keyword": topics } }] },
  };
}

/** Elasticsearch refuses to highlight longer texts, unless told to stop here. */
const maxAnalyzedOffset = 999_999;

function highlightOf(form: HitForm, marker: string): object {
  const message =
    form === "whole"
      ? { number_of_fragments: 0 }
      : // The default highlighter would look for the end of a sentence or word, however far away.
        { type: "plain", number_of_fragments: 1, fragment_size: lineBytes, no_match_size: lineBytes };
  return {
    pre_tags: [marker],
    post_tags: [marker],
    max_analyzed_offset: maxAnalyzedOffset,
    fields: { message },
  };
}
