import { PenstockError } from "../../../rules/base/errors.ts";
import { isObject } from "../../../rules/json/object.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch } from "../client.ts";
import { chunksOf } from "./targets.ts";

const TIMEOUT_MS = 30_000;

/** Refreshes these places; missing ones contain nothing. Fails if a shard fails: its documents would look missing. */
export async function askRefresh(
  elasticsearch: Pick<Elasticsearch, "ask">,
  places: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const some of chunksOf(places)) {
    const answer = await elasticsearch.ask(
      {
        method: "POST",
        path: `/${targetText(some)}/_refresh`,
        querystring: { ignore_unavailable: "true", allow_no_indices: "true", filter_path: "_shards.failed" },
        timeoutMs: TIMEOUT_MS,
      },
      signal,
    );
    const shards = isObject(answer) ? answer["_shards"] : null;
    const failed = isObject(shards) ? shards["failed"] : 0;
    if (failed !== 0)
      throw new PenstockError("elasticsearch_unavailable", `a refresh failed on ${String(failed)} shards`, {
        retryable: true,
      });
  }
}
