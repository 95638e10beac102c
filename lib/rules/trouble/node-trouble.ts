import type { RequestFailure } from "../outcomes/bulk-answer.ts";

/** After this time in use a node counts as recovered, and its next failure as the first. */
export const WELL_AFTER_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/**
 * How long to leave a node alone before a small request tests it.
 * @param times the number of recent failures, from 1: a node that only answers small requests is retried ever later
 */
export function pauseMs(times: number): number {
  return Math.min(FIRST_PAUSE_MS * 4 ** (times - 1), LONGEST_PAUSE_MS);
}

/** Whether the status means that this node, or the proxy in front of it, cannot work, but another may. */
export function isNodeFault(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** Whether another node may succeed. */
export function mayWorkElsewhere(failure: RequestFailure): boolean {
  if (failure.kind === "response") return isNodeFault(failure.status);
  return failure.kind !== "answer_too_large";
}

const NAMED = 3;

/**
 * The most informative of several nodes' failures: a response if there is one, else all messages, which name the nodes.
 * @param failures at least one
 */
export function tellingFailure(failures: readonly RequestFailure[]): RequestFailure {
  const answer =
    failures.find(({ kind }) => kind === "response") ?? failures.find(({ kind }) => kind === "bad_answer");
  const last = failures.at(-1);
  if (last === undefined) throw new Error("no failure to tell of");
  if (answer !== undefined || last.kind === "response") return answer ?? last;
  const messages = [...new Set(failures.map((failure) => ("message" in failure ? failure.message : "")))];
  const more = messages.length > NAMED ? `; and ${messages.length - NAMED} more` : "";
  return { ...last, message: messages.slice(0, NAMED).join("; ") + more };
}
