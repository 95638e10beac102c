import { PenstockError } from "../../../rules/base/errors.ts";
import { namesText } from "../../../rules/diagnosis/check.ts";
import { isObject } from "../../../rules/json/object.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch } from "../client.ts";
import { chunksOf } from "../names/asking.ts";

type Ask = Pick<Elasticsearch, "ask">;

const TIMEOUT_MS = 30_000;
const LENIENT = { ignore_unavailable: "true", allow_no_indices: "true" } as const;

/**
 * Refreshes these places; missing ones contain nothing. Fails if a shard fails or is missing: its documents would look
 * as if they did not exist.
 */
export async function askRefresh(
  elasticsearch: Ask,
  places: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const some of chunksOf(places)) {
    const answer = await refresh(elasticsearch, some, signal);
    const shards = isObject(answer) ? answer["_shards"] : null;
    const failed = isObject(shards) ? shards["failed"] : 0;
    if (failed !== 0)
      throw new PenstockError("elasticsearch_unavailable", `a refresh failed on ${String(failed)} shards`, {
        retryable: true,
      });
  }
}

async function refresh(elasticsearch: Ask, places: readonly string[], signal: AbortSignal): Promise<unknown> {
  const path = `/${targetText(places)}/_refresh`;
  const querystring = { ...LENIENT, filter_path: "_shards.failed" };
  try {
    return await elasticsearch.ask({ method: "POST", path, querystring, timeoutMs: TIMEOUT_MS }, signal);
  } catch (error) {
    signal.throwIfAborted();
    const red = await withoutShard(elasticsearch, places, signal);
    // A refresh waits for the shard and says nothing.
    if (red.length === 0) throw error;
    const message = `a shard of ${namesText(red)} is not there: what it holds cannot be seen. Restore the index, or delete it`;
    throw new PenstockError("elasticsearch_unavailable", message, { retryable: true, cause: error });
  }
}

/** @returns the indices with a missing primary shard; none if that is unknown */
async function withoutShard(
  elasticsearch: Ask,
  places: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const path = `/_cluster/health/${targetText(places)}`;
  const querystring = {
    level: "indices",
    timeout: "1s",
    filter_path: "indices.*.status",
    expand_wildcards: "all",
  };
  try {
    const answer = await elasticsearch.ask(
      { method: "GET", path, querystring, timeoutMs: TIMEOUT_MS },
      signal,
    );
    const indices = isObject(answer) && isObject(answer["indices"]) ? answer["indices"] : {};
    return Object.entries(indices).flatMap(([name, entry]) =>
      isObject(entry) && entry["status"] === "red" ? [name] : [],
    );
  } catch {
    // The failure of the refresh says more.
    return [];
  }
}
