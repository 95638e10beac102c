import { parseServerError, type RequestFailure } from "../../rules/outcomes/bulk-answer.ts";
import { PenstockError } from "../../rules/base/errors.ts";
import { isObject } from "../../rules/json/object.ts";
import { jsonElements, jsonMembers } from "../../rules/json/json-members.ts";
import { maxTargetLength, targetText } from "../../rules/search/query/target.ts";
import type { Elasticsearch } from "./client.ts";
import { errorOf } from "./transport/version.ts";

export interface Search {
  /** Names, patterns and aliases; what is missing is no error. None at all finds nothing. */
  readonly indices: readonly string[];
  /** Of a `_search`. */
  readonly body: object;
  /** A longer answer is not read to its end. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Names that do not exist, and patterns that match nothing, are no error. */
const lenient = { ignore_unavailable: true, allow_no_indices: true } as const;

/**
 * One search, as the answer's text.
 * @returns null where the answer is longer than `maxBytes`
 * @throws PenstockError `deadline_exceeded`, `usage` where Elasticsearch refuses what is looked for,
 *   `elasticsearch_unavailable` or `elasticsearch_refused`
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
    ? // Its indices stand in the body, where they may be as many as they are.
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

/** The one answer in that of a `_msearch`, which has a status of its own. */
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
    return new PenstockError("usage", `Elasticsearch refuses this search${reason}`);
  }
  return errorOf(failure);
}
