import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { mayWorkElsewhere } from "../../../rules/trouble/node-trouble.ts";
import { needsMaster } from "./master-question.ts";
import type { Transport } from "./transport.ts";

/** A hundred thousand tasks may wait. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Why nothing can be changed in the cluster, such as an index made: it has no master, or one that does not answer.
 * @returns null: it has one, or nobody may know
 */
export async function masterFailure(
  transport: Transport,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RequestFailure | null> {
  const answer = await transport.send(
    { ...needsMaster, timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES, otherNodes: "on silence" },
    signal,
  );
  if (!("failure" in answer)) return null;
  const { failure } = answer;
  return mayWorkElsewhere(failure) ? failure : null;
}
