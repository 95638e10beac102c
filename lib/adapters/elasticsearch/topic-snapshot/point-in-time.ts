import { isObject } from "../../../rules/json/object.ts";
import type { Elasticsearch, Question } from "../client.ts";
import { askAgain, refused } from "../ask-again.ts";

/** Long, because a repair may pause a cursor. The point in time is always closed at the end. */
const KEEP_ALIVE = "30m";
export const SEARCH_TIMEOUT_MS = 60_000;

/** A frozen view of some indices. */
export interface PointInTime {
  /** Searches the view with a body that has no `pit`. @throws PenstockError also if a shard fails */
  search(body: object, filterPath: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Missing names and patterns without matches are no error. */
export const LENIENT = { ignore_unavailable: "true", allow_no_indices: "true" } as const;

/** @param target index names as part of a path; closed ones are left out */
export async function openPointInTime(
  elasticsearch: Pick<Elasticsearch, "ask">,
  target: string,
  signal: AbortSignal,
): Promise<PointInTime> {
  const ask = (question: Omit<Question, "timeoutMs">): Promise<unknown> =>
    askAgain(() => elasticsearch.ask({ ...question, timeoutMs: SEARCH_TIMEOUT_MS }, signal), signal);
  const querystring = { ...LENIENT, keep_alive: KEEP_ALIVE };
  const opened = await ask({ method: "POST", path: `/${target}/_pit`, querystring });
  const first = isObject(opened) ? opened["id"] : null;
  if (typeof first !== "string") throw refused("the point in time has no id");
  let id: string | null = first;
  return {
    async search(body, filterPath) {
      const answer = await ask({
        method: "POST",
        path: "/_search",
        querystring: { filter_path: `pit_id,${filterPath}`, allow_partial_search_results: "false" },
        body: { ...body, pit: { id, keep_alive: KEEP_ALIVE } },
      });
      if (isObject(answer) && typeof answer["pit_id"] === "string") id = answer["pit_id"];
      return answer;
    },
    async close() {
      if (id === null) return;
      const body = { id };
      id = null;
      // Not with the audit's signal, because the cleanup must also run after an abort.
      const question = { method: "DELETE", path: "/_pit", body, timeoutMs: SEARCH_TIMEOUT_MS } as const;
      await elasticsearch.ask(question, AbortSignal.timeout(SEARCH_TIMEOUT_MS));
    },
  };
}

/** The number of all hits of a search with `track_total_hits`. */
export function totalOf(answer: unknown): number {
  const hits = isObject(answer) ? answer["hits"] : null;
  const total = isObject(hits) ? hits["total"] : null;
  const value = isObject(total) ? total["value"] : null;
  if (typeof value !== "number") throw refused("a search has no total");
  return value;
}
