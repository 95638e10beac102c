import { PenstockError } from "../../lib/rules/base/errors.ts";
import { isObject, mappingOf } from "../../lib/rules/json/object.ts";
import { parsed, problemsOf } from "../../lib/rules/search/hits/answer.ts";
import { ofTopics, searchTimeoutSeconds } from "../../lib/rules/search/query/body.ts";
import { everyAlias } from "../../lib/rules/template/stream-template.ts";
import type { SearchLogsDeps } from "../search-logs.ts";

/** Topics that have records in Elasticsearch. */
export interface StoredTopics {
  /** Those that no source declares, in alphabetical order. */
  readonly undeclared: readonly string[];
  readonly problems: readonly string[];
}

const maxTopics = 1_000;
const maxAnswerBytes = 1024 * 1024;
const tooManyTopics = "Only the first 1,000 topics with records, in alphabetical order, were looked at.";

/**
 * Looks for topics that are not declared any more. Their records stay in the indices of the managed templates.
 * @param about which topics to look for; null for all
 * @throws PenstockError as `search`
 */
export async function storedTopics(
  {
    declared,
    about,
  }: { readonly declared: ReadonlyMap<string, unknown>; readonly about: readonly string[] | null },
  search: SearchLogsDeps["search"],
): Promise<StoredTopics> {
  const body = {
    timeout: `${searchTimeoutSeconds}s`,
    size: 0,
    track_total_hits: false,
    query: about === null ? { match_all: {} } : ofTopics(about),
    aggs: { topics: { terms: { field: "kafka.topic", size: maxTopics, order: { _key: "asc" } } } },
  };
  const text = await search(everyAlias, body, maxAnswerBytes);
  const answer = text === null ? null : parsed(text);
  if (!isObject(answer)) {
    throw new PenstockError("elasticsearch_refused", "Elasticsearch's answer about stored topics is invalid");
  }
  const { buckets, sum_other_doc_count: others } = mappingOf(mappingOf(answer["aggregations"])["topics"]);
  const topics = Array.isArray(buckets) ? buckets.map((bucket: unknown) => mappingOf(bucket)["key"]) : [];
  return {
    undeclared: topics.filter((topic) => typeof topic === "string").filter((topic) => !declared.has(topic)),
    problems:
      typeof others === "number" && others > 0 ? [...problemsOf(answer), tooManyTopics] : problemsOf(answer),
  };
}
