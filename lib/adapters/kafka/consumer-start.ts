import { abortable } from "../../rules/abortable.ts";
import { messageOf, PenstockError } from "../../rules/errors.ts";
import { wordsOf } from "./trouble.ts";

/**
 * kafkajs ignores a stop during a join, and the member it leaves behind blocks the group until its session ends. So a
 * stop waits for the join to end, but no longer than this: the join may be what hangs.
 */
export const LEAVE_LIMIT_MS = 3_000;

/** Resolves once the promise is settled either way, or after `limitMs`. */
export async function settledWithin(promise: Promise<unknown>, limitMs: number): Promise<void> {
  await Promise.allSettled([abortable(promise, AbortSignal.timeout(limitMs))]);
}

/** What a consumer's failure means for whoever started it. */
export function asStartError(error: unknown, topic: string): PenstockError {
  if (error instanceof PenstockError) return error;
  if (/does not host this topic-partition/i.test(messageOf(error))) {
    return new PenstockError("topic_missing", `topic "${topic}" does not exist in Kafka`, {
      retryable: true,
      cause: error,
    });
  }
  return new PenstockError(
    "kafka_unavailable",
    `the consumer of "${topic}" did not start: ${wordsOf(error)}`,
    {
      retryable: true,
      cause: error,
    },
  );
}
