import { PenstockError } from "../../base/errors.ts";
import type { SearchCursor } from "./cursor.ts";
import type { LogFilter } from "./log-request.ts";
import { textClauses } from "./text-clauses.ts";
import { countWords } from "./text-query.ts";

/** The text of a line and the strings of a document are cut at so many bytes of UTF-8. */
export const lineBytes = 2_048;
/** Totals are counted up to here. */
const countedHits = 10_000;
/** What Elasticsearch may take; it then answers with what it has found. */
export const searchTimeoutSeconds = 10;

/**
 * How much is asked for of each hit.
 * - **whole**: its source, and its message with everything marked that was found.
 * - **fragment**: of its message one piece, and no source: where whole answers would be too large.
 * - **bare**: where it stands, and no text.
 */
export type HitForm = "whole" | "fragment" | "bare";

export interface LogSearch extends LogFilter {
  readonly size: number;
  readonly after: SearchCursor | null;
  /** Of the histogram's bars; null: none is asked for. */
  readonly intervalMs: number | null;
  readonly form: HitForm;
  /** True: words are looked for in few fields, `message` above all. */
  readonly inFewFields: boolean;
  /** Stands before and after what was found, in a message that the request's author cannot have written it into. */
  readonly marker: string | null;
}

/** The body of a `_search` for one page of hits, newest first. `topics` must be listed: empty finds nothing. */
export function searchBody(search: LogSearch): object {
  const { size, after, intervalMs, form, marker } = search;
  return {
    timeout: `${searchTimeoutSeconds}s`,
    track_total_hits: countedHits,
    query: queryOf(search, search.inFewFields, {
      gte: search.fromMs,
      lte: search.toMs,
      format: "epoch_millis",
    }),
    size,
    sort,
    ...(after !== null && { search_after: after }),
    _source: form === "whole",
    // Beside the source, so that both forms are read alike.
    fields: ["tags", "kafka.topic"],
    ...(marker !== null && form !== "bare" && { highlight: highlightOf(form, marker) }),
    ...(intervalMs !== null && {
      aggs: {
        bars: {
          date_histogram: { field: "@timestamp", fixed_interval: `${intervalMs}ms`, min_doc_count: 1 },
        },
      },
    }),
  };
}

/** The body of a search for the time of the newest record that matches, whenever it was. */
export function newestBody(filter: LogFilter, inFewFields: boolean): object {
  return {
    timeout: `${searchTimeoutSeconds}s`,
    track_total_hits: false,
    query: queryOf(filter, inFewFields, null),
    size: 1,
    sort,
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
 * The last four tell records of the same moment apart, so that no page loses one. Not by `kafka.topic`: an index that is
 * not of Penstock's template most often maps it as text, which Elasticsearch refuses to sort by.
 */
const sort: readonly object[] = [
  { "@timestamp": { order: "desc", unmapped_type: "date", numeric_type: "date" } },
  { "kafka.partition": { order: "desc", unmapped_type: "long", missing: -1 } },
  { "kafka.offset": { order: "desc", unmapped_type: "long", missing: -1 } },
  { _index: { order: "desc" } },
  { _seq_no: { order: "desc" } },
];

function queryOf({ topics, query }: LogFilter, inFewFields: boolean, time: object | null): object {
  const filter = [ofTopics(topics), time === null ? null : { range: { "@timestamp": time } }];
  return { bool: { filter: filter.filter((each) => each !== null), ...textClauses(query, inFewFields) } };
}

/**
 * Each word is looked for in each field: 200 prefixes in 900 fields kept Elasticsearch busy for 8 s, eight for half a second.
 * In `message` alone, all that fit into a query take a tenth of one.
 */
const maxWordsInAllFields = 32;

/** True: the query has so many words that they are not looked for in every field. */
export function isForFewFields(query: string): boolean {
  return countWords(query) > maxWordsInAllFields;
}

/** True of a refusal that looking in few fields may do without: an index has too many for so many words. */
export function isForTooManyFields(thrown: unknown): boolean {
  return thrown instanceof PenstockError && thrown.code === "usage" && saysTooManyFields(thrown.message);
}

/** The same of what some shards say, while others answer. */
export function saysTooManyFields(reason: string): boolean {
  return /too many (?:nested )?clauses|too_many_\w*clauses|matches too many fields/i.test(reason);
}

/** An index that is not of Penstock's template may map the topic as Elasticsearch maps any text. */
function ofTopics(topics: readonly string[]): object {
  return {
    bool: { should: [{ terms: { "kafka.topic": topics } }, { terms: { "kafka.topic.keyword": topics } }] },
  };
}

/** Elasticsearch refuses to mark what is longer than this, unless told to stop there. */
const maxAnalyzedOffset = 999_999;

function highlightOf(form: HitForm, marker: string): object {
  const message =
    form === "whole"
      ? { number_of_fragments: 0 }
      : // The default highlighter looks for the end of a sentence or word, however far it is.
        { type: "plain", number_of_fragments: 1, fragment_size: lineBytes, no_match_size: lineBytes };
  return {
    pre_tags: [marker],
    post_tags: [marker],
    max_analyzed_offset: maxAnalyzedOffset,
    fields: { message },
  };
}
