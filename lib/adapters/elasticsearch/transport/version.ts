import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import { PenstockError } from "../../../rules/base/errors.ts";
import { isObject } from "../../../rules/json/object.ts";
import { type ElasticsearchAnswer, neededVersions, type Transport } from "./transport.ts";

const supportedMajors = new Set([8, 9]);
/** A few words of each node. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * The major version to speak: the oldest of the cluster's nodes, so that a cluster in the middle of an upgrade is
 * spoken to in the version that all of them know. Asked without a version in the headers, since Elasticsearch 8 answers
 * `compatible-with=9` with a 400. Anything but Elasticsearch 8 or 9 is a failure.
 */
export async function detectMajor(
  transport: Transport,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly major: number } | { readonly failure: RequestFailure }> {
  const headers = { accept: "application/json" };
  const limits = { timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES, otherNodes: "on silence" } as const;
  const request = { method: "GET", headers, ...limits } as const;
  // The node that answers asks all others: it is not to wait for one that hangs.
  const querystring = { filter_path: "nodes.*.version", timeout: "1s" };
  const nodes = await transport.send({ ...request, path: "/_nodes", querystring }, signal);
  // Not everybody may list the nodes; and what is no Elasticsearch tells only here what it is.
  const isOther = "failure" in nodes && nodes.failure.kind === "bad_answer";
  const answer =
    isOther || isRefused(nodes) ? await transport.send({ ...request, path: "/" }, signal) : nodes;
  if ("failure" in answer) {
    // Otherwise what `GET /_nodes` had to say is the better reason: not every cluster has `GET /`.
    const better = isOther && answer.failure.kind === "bad_answer" ? answer : nodes;
    return { failure: "failure" in better ? better.failure : answer.failure };
  }

  const versions = versionsIn(answer.body);
  const majors = versions.map((version) => Number.parseInt(version, 10));
  if (majors.length > 0 && majors.every((major) => supportedMajors.has(major))) {
    return { major: Math.min(...majors) };
  }
  const unsupported = versions.filter((version) => !supportedMajors.has(Number.parseInt(version, 10)));
  const found = unsupported.length === 0 ? "something else" : `version ${unsupported.join(", ")}`;
  return { failure: { kind: "bad_answer", message: `${neededVersions}, what answers is ${found}` } };
}

function isRefused(answer: ElasticsearchAnswer): boolean {
  return "failure" in answer && answer.failure.kind === "response" && answer.failure.status < 500;
}

/** The versions in an answer of `GET /_nodes` or `GET /`. */
function versionsIn(body: unknown): readonly string[] {
  if (!isObject(body)) return [];
  const nodes = isObject(body["nodes"]) ? Object.values(body["nodes"]) : [];
  const root = isObject(body["version"]) ? [{ version: body["version"]["number"] }] : [];
  return [...nodes, ...root].flatMap((entry) =>
    isObject(entry) && typeof entry["version"] === "string" ? [entry["version"]] : [],
  );
}

/**
 * The error for a request outside of a bulk: `elasticsearch_refused` where somebody has to change something,
 * `elasticsearch_unavailable` where time may help. Its cause is the failure.
 */
export function errorOf(failure: RequestFailure, place = ""): PenstockError {
  // No record is sent outside of a bulk, so none can be quoted.
  const message = failure.kind === "response" ? answeredText(failure.status, failure.error) : failure.message;
  const refused =
    failure.kind === "bad_answer" ||
    failure.kind === "answer_too_large" ||
    (failure.kind === "response" && failure.status < 500 && failure.status !== 429);
  const code = refused ? "elasticsearch_refused" : "elasticsearch_unavailable";
  return new PenstockError(code, place + message, { retryable: true, cause: failure });
}
