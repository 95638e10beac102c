import { parseServerError, type RequestFailure } from "../../rules/outcomes/bulk-answer.ts";
import { PenstockError } from "../../rules/base/errors.ts";
import { isObject } from "../../rules/json/object.ts";
import { jsonElements, jsonMembers } from "../../rules/json/json-members.ts";
import { maxTargetLength, targetText } from "../../rules/search/query/target.ts";
import type { Elasticsearch } from "./client.ts";
import { errorOf } from "./transport/version.ts";

export interface Search {
  /** Names, patterns and aliases; missing ones are no error. An empty list finds nothing. */
  readonly indices: readonly string[];
  /** The body of a `_search`. */
  readonly body: object;
  /** A longer answer is discarded. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Missing names and patterns without matches are no error. */
const lenient = { ignore_unavailable: true, allow_no_indices: true } as const;

/**
 * Runs one search and returns the answer's text.
 * @returns null if the answer exceeds `maxBytes`
 * @throws PenstockError `deadline_exceeded`, `usage` if Elasticsearch rejects the query, `elasticsearch_unavailable` or
 *   `elasticsearch_refused`
 */
export async function searchText(
  elasticsearch: Pick<Elasticsearch, "askForText">,
  { indices, body, maxBytes, timeoutMs }: Search,
  signal: AbortSignal,
): Promise<string | null> {
  const target = targetText(indices);
  const isLong = target.length > maxTargetLength;
  const json = JSON.stringify(body);
  const answer = await (isLong
    ? // Takes the indices in the body, where their number is not limited.
      elasticsearch.askForText(
        {
          method: "POST",
          path: "/_msearch",
          body: `${JSON.stringify({ index: indices, ...lenient })}\n${json}\n`,
          timeoutMs,
        },
        { maxBytes, format: "x-ndjson" },
        signal,
      )
    : elasticsearch.askForText(
        {
          method: "POST",
          path: `/${target}/_search`,
          querystring: { ignore_unavailable: "true", allow_no_indices: "true" },
          body: json,
          timeoutMs,
        },
        { maxBytes, format: "json" },
        signal,
      ));
  if ("failure" in answer) throw searchError(answer.failure);
  if (answer.text === null) return null;
  return isLong ? onlyResponse(answer.text) : answer.text;
}

/** Extracts the single response of a `_msearch`, which has its own status. */
function onlyResponse(text: string): string {
  const parsed: unknown = JSON.parse(text);
  const responses = isObject(parsed) ? parsed["responses"] : null;
  const [response] = Array.isArray(responses) ? (responses as readonly unknown[]) : [];
  if (!isObject(response)) throw errorOf({ kind: "bad_answer", message: "a search has no answer" });
  const { status, error } = response;
  if (typeof status === "number" && status >= 400) {
    throw searchError({ kind: "response", status, error: parseServerError(error) });
  }
  return jsonElements(jsonMembers(text).get("responses")?.rawValue ?? "")[0] ?? "";
}

function searchError(failure: RequestFailure): PenstockError {
  if (failure.kind === "timeout") {
    return new PenstockError("deadline_exceeded", failure.message, { retryable: true });
  }
  if (failure.kind === "response" && failure.status === 400) {
    const reason = failure.error === null ? "" : `: ${failure.error.reason.slice(0, 1_000)}`;
    return new PenstockError("usage", `Elasticsearch rejects this search${reason}`);
  }
  return errorOf(failure);
}
