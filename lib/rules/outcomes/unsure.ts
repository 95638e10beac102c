import type { BulkItem, RequestFailure } from "./bulk-answer.ts";
import { classifyItem } from "./outcome.ts";

/**
 * Whether a failed request may have been executed all the same, or still will be: its answer is missing, cannot be
 * read, or comes from something that broke. A refusal (4xx) was not executed, except that a proxy answers 408 when it
 * gave up waiting.
 */
export function mayBeExecuted(failure: RequestFailure): boolean {
  return failure.kind !== "response" || failure.status >= 500 || failure.status === 408;
}

/** Whether a document may be written although its operation failed: a shard broke or was not there in time. */
export function mayBeWritten(item: BulkItem): boolean {
  if (item.status < 500) return false;
  const verdict = classifyItem(item, { index: "", dated: false, lastChance: false });
  // A processor's exception: the document never reached a shard.
  return verdict.kind === "retry" && verdict.suspect === null;
}
