import { setTimeout as delay } from "node:timers/promises";
import { PenstockError } from "../../rules/base/errors.ts";
import { isObject } from "../../rules/json/object.ts";

const ATTEMPTS = 6;
const FIRST_RETRY_MS = 250;

/** Repeats a request that changes nothing twice for some seconds while Elasticsearch is unavailable. */
export async function askAgain<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const again = error instanceof PenstockError && error.code === "elasticsearch_unavailable";
      if (!again || attempt >= ATTEMPTS) throw error;
    }
    await delay(FIRST_RETRY_MS * 2 ** attempt, undefined, { signal });
  }
}

/** As long as a new index usually needs for its shards: until then it answers as one that has lost them. */
const NEW_SHARDS_MS = [250, 500, 1_000];

/** Asks again for about two seconds while documents may be missing from the answer. @returns the last answer */
export async function askUntilWhole<T extends { readonly isPartial: boolean }>(
  ask: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let answer = await ask();
  for (const pauseMs of NEW_SHARDS_MS) {
    if (!answer.isPartial) break;
    await delay(pauseMs, undefined, { signal });
    answer = await ask();
  }
  return answer;
}

/** A failed shard's documents would look missing. */
export function assertComplete(answer: unknown, what: string): void {
  const failed = failedShards(answer);
  if (failed === 0) return;
  throw new PenstockError("elasticsearch_unavailable", `the ${what} failed on ${failed} shards`, {
    retryable: true,
  });
}

/** Whether documents may be missing from an answer. */
export function lacksShards(answer: unknown): boolean {
  return failedShards(answer) > 0 || (isObject(answer) && answer["timed_out"] === true);
}

function failedShards(answer: unknown): number {
  const shards = isObject(answer) ? answer["_shards"] : null;
  const failed = isObject(shards) ? shards["failed"] : 0;
  return typeof failed === "number" ? failed : 0;
}

export function refused(message: string): PenstockError {
  return new PenstockError(
    "elasticsearch_refused",
    `Elasticsearch's answer has an unexpected form: ${message}`,
  );
}
