import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import { PenstockError } from "../../../rules/base/errors.ts";
import { isObject } from "../../../rules/json/object.ts";
import { type ElasticsearchAnswer, neededVersions, type Transport } from "./transport.ts";

const supportedMajors = new Set([8, 9]);
/** A few bytes per node. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The version of the oldest node. */
export interface DetectedVersion {
  readonly major: number;
  /** In full, such as `8.19.5`. */
  readonly version: string;
}

/**
 * Detects the API version to use: the oldest among the nodes, because during a rolling upgrade all nodes must support
 * it. Sends no version in the headers, because Elasticsearch 8 answers `compatible-with=9` with a 400. Anything but
 * Elasticsearch 8 or 9 is a failure.
 */
export async function detectVersion(
  transport: Transport,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<DetectedVersion | { readonly failure: RequestFailure }> {
  const headers = { accept: "application/json" };
  const limits = { timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES, otherNodes: "on silence" } as const;
  const request = { method: "GET", headers, ...limits } as const;
  // The node asks all others; the timeout keeps it from waiting for one that hangs.
  const querystring = { filter_path: "nodes.*.version", timeout: "1s" };
  const nodes = await transport.send({ ...request, path: "/_nodes", querystring }, signal);
  // Listing nodes needs a privilege, and other products identify themselves only at `GET /`.
  const isOther = "failure" in nodes && nodes.failure.kind === "bad_answer";
  const answer =
    isOther || isRefused(nodes) ? await transport.send({ ...request, path: "/" }, signal) : nodes;
  if ("failure" in answer) {
    // Otherwise the answer to `GET /_nodes` explains more: not every cluster has `GET /`.
    const better = isOther && answer.failure.kind === "bad_answer" ? answer : nodes;
    return { failure: "failure" in better ? better.failure : answer.failure };
  }

  const versions = versionsIn(answer.body);
  const [version] = versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const majors = versions.map((one) => Number.parseInt(one, 10));
  if (version !== undefined && majors.every((major) => supportedMajors.has(major))) {
    return { major: Math.min(...majors), version };
  }
  const unsupported = versions.filter((one) => !supportedMajors.has(Number.parseInt(one, 10)));
  const found = unsupported.length === 0 ? "another product" : `version ${unsupported.join(", ")}`;
  return {
    failure: { kind: "bad_answer", message: `${neededVersions}, but the answer comes from ${found}` },
  };
}

function isRefused(answer: ElasticsearchAnswer): boolean {
  return "failure" in answer && answer.failure.kind === "response" && answer.failure.status < 500;
}

/** Extracts the versions from an answer to `GET /_nodes` or `GET /`. */
function versionsIn(body: unknown): readonly string[] {
  if (!isObject(body)) return [];
  const nodes = isObject(body["nodes"]) ? Object.values(body["nodes"]) : [];
  const root = isObject(body["version"]) ? [{ version: body["version"]["number"] }] : [];
  return [...nodes, ...root].flatMap((entry) =>
    isObject(entry) && typeof entry["version"] === "string" ? [entry["version"]] : [],
  );
}

/**
 * Converts the failure of a request outside a bulk: `elasticsearch_refused` if someone must change something, otherwise
 * `elasticsearch_unavailable`. The failure is the cause.
 */
export function errorOf(failure: RequestFailure, place = ""): PenstockError {
  // Only bulks carry records, so the answer cannot quote one.
  const message = failure.kind === "response" ? answeredText(failure.status, failure.error) : failure.message;
  const refused =
    failure.kind === "bad_answer" ||
    failure.kind === "answer_too_large" ||
    (failure.kind === "response" && failure.status < 500 && failure.status !== 429);
  const code = refused ? "elasticsearch_refused" : "elasticsearch_unavailable";
  return new PenstockError(code, place + message, { retryable: true, cause: failure });
}
