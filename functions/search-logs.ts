import type { Specification } from "../lib/rules/model/declaration.ts";
import { PenstockError } from "../lib/rules/base/errors.ts";
import { type Bar, type FoundPage, readAnswer } from "../lib/rules/search/hits/answer.ts";
import {
  type HitForm,
  isForFewFields,
  isForTooManyFields,
  newestBody,
  saysTooManyFields,
  searchBody,
} from "../lib/rules/search/query/body.ts";
import { cursorText } from "../lib/rules/search/query/cursor.ts";
import { barIntervalMs } from "../lib/rules/search/query/intervals.ts";
import { isoTime, type LogHit, logHitOf } from "../lib/rules/search/hits/log-hit.ts";
import type { KnownFilter, LogRequest } from "../lib/rules/search/query/log-request.ts";
import { searchTarget } from "../lib/rules/search/query/target.ts";
import type { MeantPart } from "../lib/rules/search/grammar/mapping.ts";
import type { Query } from "../lib/rules/search/grammar/query.ts";
import { type AskFieldCaps, knownFields, meantParts } from "./search-logs/known-fields.ts";

export interface SearchLogsInput extends LogRequest {
  readonly inForce: ReadonlyMap<string, Specification>;
  /** Whether Penstock manages the index template. */
  readonly managed: boolean;
  /** The topics that are being rebuilt; null if that is unknown. */
  readonly rebuilt: ReadonlySet<string> | null;
}

export interface SearchLogsDeps {
  /**
   * Searches once. @returns the answer's text; null if it is longer than `maxBytes`
   * @throws PenstockError
   */
  readonly search: (indices: readonly string[], body: object, maxBytes: number) => Promise<string | null>;
  readonly fieldCaps: AskFieldCaps;
  /** A text that no log line contains: random, at least 128 bits, made for this request. */
  readonly marker: string;
}

/** The result of a search. Times in ISO 8601. */
export interface SearchLogsResult {
  readonly from: string;
  readonly to: string;
  /** As reported by Elasticsearch. */
  readonly tookMs: number;
  /** False if something is missing; `problems` says why. */
  readonly complete: boolean;
  readonly problems: readonly string[];
  readonly total: { readonly value: number; readonly exact: boolean };
  /** In the order asked for. */
  readonly hits: readonly LogHit[];
  /** Null if not requested. */
  readonly histogram: {
    readonly intervalMs: number;
    /** Non-empty bars. */
    readonly bars: readonly Bar[];
    /** The same of each level. */
    readonly levels: FoundPage["levels"];
  } | null;
  /** The `after` of the next page; null on the last one. */
  readonly next: string | null;
  /** If nothing was found: the time of the newest record with the same topics and text; null if there is none. */
  readonly newest: string | null;
  /** If nothing was found at any time: tests of fields that may have meant another field. */
  readonly meant: readonly MeantPart[];
}

/** The longest answer that is read: a hundred documents may be a hundred megabytes each. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** Tried in this order until an answer is short enough. */
const forms: readonly HitForm[] = ["whole", "fragment", "bare"];

/**
 * Returns one page of matching logs.
 * @throws QueryError if the indices do not know a field, or a field not such a value; PenstockError as `deps`, and `elasticsearch_refused` for an invalid answer
 */
export async function searchLogs(input: SearchLogsInput, deps: SearchLogsDeps): Promise<SearchLogsResult> {
  const { fromMs, toMs, size, after, order, inForce, managed, rebuilt } = input;
  const indices = searchTarget(input.topics, inForce, managed, rebuilt);
  const topics = input.topics.length === 0 ? [...inForce.keys()] : input.topics;
  const { notes, ...known } = await knownFields(input.query, indices, deps.fieldCaps);
  const filter: KnownFilter = { topics, ...known, fromMs, toMs };
  const intervalMs = input.histogram ? barIntervalMs(fromMs, toMs) : null;
  const ask = narrowingSearch(deps.search, indices, filter.query);
  const page = await firstThatFits();
  const problems = [...page.problems, ...(ask.isNarrow() ? [onlyMessage] : []), ...notes];
  const last = page.hits.at(-1)?.cursor ?? null;
  const isEmpty = after === null && page.hits.length === 0;
  const newestAt = isEmpty ? await newest() : null;
  const isNowhere = isEmpty && newestAt === null;
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    tookMs: page.tookMs,
    complete: problems.length === 0,
    problems,
    total: page.total ?? { value: page.hits.length, exact: false },
    hits: page.hits.map((hit) => logHitOf(hit, deps.marker)),
    histogram: intervalMs === null ? null : { intervalMs, bars: page.bars, levels: page.levels },
    next: last === null || page.hits.length < size ? null : cursorText(last),
    newest: newestAt,
    meant: isNowhere ? await meant() : [],
  };

  async function firstThatFits(): Promise<FoundPage> {
    if (indices.length === 0) return nothing;
    const marker = filter.query === null ? null : deps.marker;
    for (const form of forms) {
      // The highlighter provides the fragment, even for an empty query.
      const marked = form === "fragment" ? deps.marker : marker;
      const page = await ask.search((inFewFields) =>
        searchBody({ ...filter, size, after, order, intervalMs, form, inFewFields, marker: marked }),
      );
      if (page !== null) return page;
    }
    throw new PenstockError(
      "elasticsearch_refused",
      `Elasticsearch's answer is longer than ${maxAnswerBytes} bytes, even without documents`,
    );
  }

  async function newest(): Promise<string | null> {
    if (indices.length === 0) return null;
    const page = await ask.search((inFewFields) => newestBody(filter, inFewFields));
    return isoTime(page?.hits[0]?.cursor?.[0] ?? null);
  }

  async function meant(): Promise<readonly MeantPart[]> {
    try {
      return await meantParts(input.query, indices, deps.fieldCaps);
    } catch (error) {
      // The answer is complete without this hint, unless nobody waits for it any more.
      if (error instanceof PenstockError && error.code !== "stopping") return [];
      throw error;
    }
  }
}

const onlyMessage = "The query has too many words to search all fields: only the message was searched.";

/** Searches fewer fields if the query has too many words, or if an index has too many fields for them. */
export function narrowingSearch(
  search: SearchLogsDeps["search"],
  indices: readonly string[],
  query: Query | null,
): {
  readonly isNarrow: () => boolean;
  /** @returns null if the answer is longer than `maxAnswerBytes` */
  readonly search: (bodyOf: (inFewFields: boolean) => object) => Promise<FoundPage | null>;
  /** The same for answers of another kind. @param read throws if it is not of that kind */
  readonly ask: <T extends Pick<FoundPage, "problems">>(
    bodyOf: (inFewFields: boolean) => object,
    read: (text: string) => T,
  ) => Promise<T | null>;
} {
  let isNarrow = isForFewFields(query);
  return { isNarrow: () => isNarrow, search: async (bodyOf) => ask(bodyOf, pageOf), ask };

  async function ask<T extends Pick<FoundPage, "problems">>(
    bodyOf: (inFewFields: boolean) => object,
    read: (text: string) => T,
  ): Promise<T | null> {
    try {
      const text = await search(indices, bodyOf(isNarrow), maxAnswerBytes);
      const page = text === null ? null : read(text);
      // One index with too many fields can refuse while others answer.
      if (isNarrow || page?.problems.some(saysTooManyFields) !== true) return page;
    } catch (error) {
      if (isNarrow || !isForTooManyFields(error)) throw error;
    }
    isNarrow = true;
    return ask(bodyOf, read);
  }
}

const nothing: FoundPage = {
  tookMs: 0,
  problems: [],
  total: { value: 0, exact: true },
  hits: [],
  bars: [],
  levels: { error: [], warn: [], info: [], debug: [] },
};

/** @throws PenstockError `elasticsearch_refused` */
export function pageOf(text: string): FoundPage {
  const page = readAnswer(text);
  if (page !== null) return page;
  throw new PenstockError("elasticsearch_refused", "Elasticsearch's answer to a search is invalid");
}
