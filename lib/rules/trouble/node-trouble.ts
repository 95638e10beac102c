import type { RequestFailure } from "../outcomes/bulk-answer.ts";

/** A node that was in use for so long has been well: its next trouble counts as a first one. */
export const WELL_AFTER_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/**
 * How long a node is left alone before it is tried again by a small request.
 * @param times how often it was in trouble lately, from 1: one that answers small requests and nothing else comes back ever later
 */
export function pauseMs(times: number): number {
  return Math.min(FIRST_PAUSE_MS * 4 ** (times - 1), LONGEST_PAUSE_MS);
}

/** What a node, or the proxy before it, answers that cannot do its work, while another may. */
export function isNodeFault(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** Whether another node may do what this one did not. */
export function mayWorkElsewhere(failure: RequestFailure): boolean {
  if (failure.kind === "response") return isNodeFault(failure.status);
  return failure.kind !== "answer_too_large";
}

const NAMED = 3;

/**
 * Of what several nodes had to say, none of them well: an answer tells more than none, and who gave none is named.
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
