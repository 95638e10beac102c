import { isObject } from "../../rules/json/object.ts";
import type { SendSearch } from "./transport/transport.ts";
import { errorOf } from "./transport/version.ts";

/** Well below `index.max_result_window`, which limits a page. */
const IDS_AT_ONCE = 1_000;
/** Leaves room for ids that exist in several backing indices of a data stream. */
const MAX_HITS = 5_000;

export interface ExistingIdsOptions {
  /** Ids in a shard that is missing look as if they did not exist. If false, that is an error. */
  readonly acceptPartial?: boolean;
}

/**
 * Finds which of the ids exist in an index, alias, data stream (with all its backing indices) or pattern. Uses a
 * search, because a data stream's documents cannot be fetched by id; so it sees only what was written before the last
 * refresh. A missing or closed index contains none.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function findExistingIds(
  send: SendSearch,
  index: string,
  ids: readonly string[],
  { acceptPartial = false }: ExistingIdsOptions = {},
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const values = ids.slice(at, at + IDS_AT_ONCE);
    const answer = await send(
      `/${encodeURIComponent(index)}/_search`,
      {
        ignore_unavailable: "true",
        allow_no_indices: "true",
        allow_partial_search_results: String(acceptPartial),
        filter_path: "hits.hits._id",
      },
      { query: { ids: { values } }, size: MAX_HITS, _source: false, track_total_hits: false },
    );
    if ("failure" in answer) throw errorOf(answer.failure);
    for (const id of idsIn(answer.body)) found.add(id);
  }
  return found;
}

/** With `filter_path`, an answer without hits is `{}`. */
function idsIn(body: unknown): readonly string[] {
  const outer = isObject(body) ? body["hits"] : null;
  const hits = isObject(outer) && Array.isArray(outer["hits"]) ? outer["hits"] : [];
  return hits.flatMap((hit: unknown) =>
    isObject(hit) && typeof hit["_id"] === "string" ? [hit["_id"]] : [],
  );
}
