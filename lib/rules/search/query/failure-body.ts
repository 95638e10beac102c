import { recordsQuery } from "../../dead-letters/failure-stores.ts";
import { searchTimeoutSeconds } from "./body.ts";
import { fieldTests, QueryError } from "../grammar/query.ts";
import type { LogFilter } from "./log-request.ts";
import { searchClauses } from "./search-clauses.ts";

/** Counted exactly up to here. */
const maxCounted = 10_000;
const fields = ["document.id", "error.type", "error.message"];

/**
 * The body of a search in failure stores, newest first. Only the error and the id of a stored document are indexed, so
 * words are looked for there, and the time is that of the refusal.
 * @param filter without topics, other programs' documents are found too
 * @param isWhole whether to return the refused documents themselves
 * @throws QueryError if the search names a field
 */
export function failureBody(
  { topics, query, fromMs, toMs }: LogFilter,
  size: number,
  isWhole: boolean,
): object {
  const [named] = fieldTests(query);
  if (named !== undefined) {
    const rule = "names a field: in failure stores only errors and ids can be searched, by words";
    throw new QueryError(named.whole ?? named.value, rule);
  }
  return {
    timeout: `${searchTimeoutSeconds}s`,
    size,
    track_total_hits: maxCounted,
    sort: [{ "@timestamp": "desc" }],
    query: {
      bool: {
        filter: [
          { range: { "@timestamp": { gte: fromMs, lte: toMs, format: "epoch_millis" } } },
          ...(topics.length === 0 ? [] : [{ bool: { should: topics.map(recordsQuery) } }]),
          { bool: searchClauses(query, { fields, fieldOf: () => null }) },
        ],
      },
    },
    _source: ["@timestamp", "error.type", "error.message", ...(isWhole ? ["document"] : ["document.id"])],
  };
}
