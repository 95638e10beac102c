import { isObject } from "../../rules/json/object.ts";
import type { ElasticsearchAnswer } from "./transport/transport.ts";
import { errorOf } from "./transport/version.ts";

/** A search in the version that the cluster speaks, its deadline set. */
export type SendSearch = (
  path: string,
  querystring: Readonly<Record<string, string>>,
  body: object | null,
) => Promise<ElasticsearchAnswer>;

/** Well below `index.max_result_window`, which bounds a page. */
const IDS_AT_ONCE = 1_000;
/** With room for ids that stand in several backing indices of a data stream. */
const MAX_HITS = 5_000;

/**
 * Which of the ids are found in an index, an alias, a data stream with all its backing indices, or what a pattern covers.
 * By a search, since a data stream's documents cannot be asked for by id: it finds what was written before the last
 * refresh. An index that does not exist, or is closed, holds none.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function findExistingIds(
  send: SendSearch,
  index: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const values = ids.slice(at, at + IDS_AT_ONCE);
    const answer = await send(
      `/${encodeURIComponent(index)}/_search`,
      { ignore_unavailable: "true", allow_no_indices: "true", filter_path: "hits.hits._id" },
      { query: { ids: { values } }, size: MAX_HITS, _source: false, track_total_hits: false },
    );
    if ("failure" in answer) throw errorOf(answer.failure);
    for (const id of idsIn(answer.body)) found.add(id);
  }
  return found;
}

/** `{}` where nothing was found: the filter leaves nothing. */
function idsIn(body: unknown): readonly string[] {
  const outer = isObject(body) ? body["hits"] : null;
  const hits = isObject(outer) && Array.isArray(outer["hits"]) ? outer["hits"] : [];
  return hits.flatMap((hit: unknown) =>
    isObject(hit) && typeof hit["_id"] === "string" ? [hit["_id"]] : [],
  );
}
