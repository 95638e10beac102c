import { z } from "zod";
import { chunksOf } from "../names/asking.ts";
import { shaped } from "../transport/shaped.ts";
import type { FoundHolders } from "../../../rules/dead-letters/letter-state.ts";
import { problemsOf } from "../../../rules/search/hits/answer.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch } from "../client.ts";

const IDS_AT_ONCE = 1_000;
/** Leaves room for ids that several indices have. */
const MAX_HITS = 5_000;
const TIMEOUT_MS = 10_000;
/** With `filter_path`, an answer without hits has no `hits`. */
const shape = z.looseObject({
  hits: z.object({ hits: z.array(z.object({ _id: z.string(), _index: z.string() })) }).optional(),
});

/**
 * Finds which index has which document, among those that a search can see. Hidden indices do not count, unless they are
 * named: those of trials are hidden.
 * @param indices names and patterns; null for all indices that the user may read
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`; also if no shard answers
 */
export async function findHolders(
  elasticsearch: Pick<Elasticsearch, "ask">,
  indices: readonly string[] | null,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<FoundHolders> {
  const holders = new Map<string, string>();
  const problems = new Set<string>();
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
            // One lost shard anywhere in the cluster must not hide what all others have.
            allow_partial_search_results: "true",
            filter_path: "timed_out,_shards,hits.hits._id,hits.hits._index",
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
      const found = shaped(shape, answer, path);
      for (const { _id, _index } of found.hits?.hits ?? []) holders.set(_id, _index);
      for (const problem of problemsOf(found)) problems.add(problem.replace(/\.$/, ""));
    }
  }
  return { holders, problems: [...problems] };
}
