import { backoffMs } from "../../../../rules/base/backoff.ts";
import { PenstockError } from "../../../../rules/base/errors.ts";
import type { Time } from "../../../../rules/base/time.ts";

/** What passes by itself, and what somebody has to mend first. */
const FAILED = { initialMs: 50, maxMs: 1_000 };
const REFUSED = { initialMs: 500, maxMs: 10_000 };

/** How long to wait before a join is tried again. @param failures so far, from 1 */
export function retryPauseMs(error: unknown, failures: number, time: Time): number {
  const isRefused = error instanceof PenstockError && error.code === "kafka_refused";
  return backoffMs(isRefused ? REFUSED : FAILED, failures, time.random());
}
