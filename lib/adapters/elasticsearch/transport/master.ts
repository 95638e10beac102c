import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { mayWorkElsewhere } from "../../../rules/trouble/node-trouble.ts";
import { masterRequest } from "./master-request.ts";
import type { Transport } from "./transport.ts";

/** Enough for a hundred thousand pending tasks. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Checks for a working master, without which no index can be created or changed.
 * @returns the failure, or null if there is a master or we are not allowed to ask
 */
export async function masterFailure(
  transport: Transport,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RequestFailure | null> {
  const answer = await transport.send(
    { ...masterRequest, timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES, otherNodes: "on silence" },
    signal,
  );
  if (!("failure" in answer)) return null;
  const { failure } = answer;
  return mayWorkElsewhere(failure) ? failure : null;
}
