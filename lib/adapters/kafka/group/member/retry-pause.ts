import { backoffMs } from "../../../../rules/base/backoff.ts";
import { PenstockError } from "../../../../rules/base/errors.ts";
import type { Time } from "../../../../rules/base/time.ts";

/** For failures that resolve themselves, and for refusals that a person has to fix. */
const FAILED = { initialMs: 50, maxMs: 1_000 };
const REFUSED = { initialMs: 500, maxMs: 10_000 };

/** Returns how long to wait before the next join. @param failures so far, from 1 */
export function retryPauseMs(error: unknown, failures: number, time: Time): number {
  const isRefused = error instanceof PenstockError && error.code === "kafka_refused";
  return backoffMs(isRefused ? REFUSED : FAILED, failures, time.random());
}
