import { z } from "zod";
import { chunksOf } from "../names/asking.ts";
import { shaped } from "../transport/shaped.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch } from "../client.ts";

const IDS_AT_ONCE = 1_000;
/** Leaves room for ids that several indices have. */
const MAX_HITS = 5_000;
const TIMEOUT_MS = 10_000;
/** With `filter_path`, an answer without hits is `{}`. */
const shape = z.object({
  hits: z.object({ hits: z.array(z.object({ _id: z.string(), _index: z.string() })) }).optional(),
});

/**
 * Finds which index has which document, among those that a search can see. Hidden indices do not count, unless they are
 * named: those of trials are hidden.
 * @param indices names and patterns; null for all indices that the user may read
 * @returns by id, one index of each
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function findHolders(
  elasticsearch: Pick<Elasticsearch, "ask">,
  indices: readonly string[] | null,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const some of indices === null ? [["*"]] : chunksOf(indices)) {
    const path = `/${targetText(some)}/_search`;
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
      const answer = await elasticsearch.ask(
        {
          method: "POST",
          path,
          querystring: {
            ignore_unavailable: "true",
            allow_no_indices: "true",
            // Documents in a shard that is missing would look as if they did not exist.
            allow_partial_search_results: "false",
            filter_path: "hits.hits._id,hits.hits._index",
          },
          body: {
            query: { ids: { values: ids.slice(at, at + IDS_AT_ONCE) } },
            size: MAX_HITS,
            _source: false,
            track_total_hits: false,
          },
          timeoutMs: TIMEOUT_MS,
        },
        signal,
      );
      for (const { _id, _index } of shaped(shape, answer, path).hits?.hits ?? []) found.set(_id, _index);
    }
  }
  return found;
}
