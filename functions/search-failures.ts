import type { FailureStores } from "../lib/rules/dead-letters/failure-stores.ts";
import { unreadable } from "../lib/rules/dead-letters/store-problems.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import { PenstockError } from "../lib/rules/base/errors.ts";
import { indexPatternOf } from "../lib/rules/model/names.ts";
import { readAnswer } from "../lib/rules/search/hits/answer.ts";
import { type StoredHit, storedHitOf } from "../lib/rules/search/hits/stored-hit.ts";
import { failureBody } from "../lib/rules/search/query/failure-body.ts";
import type { LogFilter } from "../lib/rules/search/query/log-request.ts";
import type { SearchLogsDeps } from "./search-logs.ts";

export interface SearchFailuresInput extends LogFilter {
  /** The maximum number of documents. */
  readonly size: number;
  readonly inForce: ReadonlyMap<string, Specification>;
}

export interface SearchFailuresDeps extends Pick<SearchLogsDeps, "search"> {
  readonly survey: (targets: readonly string[]) => ReturnType<FailureStores["survey"]>;
}

/** What was found in failure stores. Times in ISO 8601, of the refusals. */
export interface SearchFailuresResult {
  readonly from: string;
  readonly to: string;
  /** The data streams with a failure store, whose documents were searched. */
  readonly streams: readonly string[];
  /** Why something is missing, in sentences. */
  readonly problems: readonly string[];
  readonly total: { readonly value: number; readonly exact: boolean };
  /** Newest first. */
  readonly failures: readonly StoredHit[];
}

/** The longest answer that is read. */
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Searches the failure stores of the topics' data streams, newest first.
 * @throws PenstockError as `deps.search`, and `elasticsearch_refused` for an invalid answer
 */
export async function searchFailures(
  { size, inForce, ...filter }: SearchFailuresInput,
  { search, survey }: SearchFailuresDeps,
): Promise<SearchFailuresResult> {
  const { topics, fromMs, toMs } = filter;
  const specs = (topics.length === 0 ? [...inForce.keys()] : topics).flatMap(
    (topic) => inForce.get(topic) ?? [],
  );
  const targets = [...new Set(specs.map(({ index }) => indexPatternOf(index)))];
  const found = targets.length === 0 ? { streams: [], problems: [] } : await survey(targets);
  const stores = found.streams.filter(({ indices }) => indices.length > 0);
  const streams = stores.flatMap(({ stream, readable }) => (readable ? [stream] : []));
  const unread = stores.flatMap(({ stream, readable }) => (readable ? [] : [unreadable(stream)]));
  const about = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), streams };
  const problems = [...found.problems, ...unread];
  if (streams.length === 0) return { ...about, problems, total: { value: 0, exact: true }, failures: [] };
  const indices = streams.map((stream) => `${stream}::failures`);
  const ask = (isWhole: boolean) => search(indices, failureBody(filter, size, isWhole), maxAnswerBytes);
  const text = (await ask(true)) ?? (await ask(false));
  const page = text === null ? null : readAnswer(text);
  if (page === null)
    throw new PenstockError(
      "elasticsearch_refused",
      "Elasticsearch's answer to a search in failure stores is invalid",
    );
  return {
    ...about,
    problems: [...problems, ...page.problems],
    total: page.total ?? { value: page.hits.length, exact: false },
    failures: page.hits.map(storedHitOf),
  };
}
