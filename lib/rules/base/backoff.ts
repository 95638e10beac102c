/** How waits between attempts grow. */
export interface BackoffRule {
  readonly initialMs: number;
  readonly maxMs: number;
}

/**
 * Exponential backoff with "equal jitter": half of the wait is fixed, half is random, so that hosts which
 * failed together do not come back together, and no wait is next to nothing.
 * @param attempt the number of failures so far, from 1
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function backoffMs(rule: BackoffRule, attempt: number, random: number): number {
  const ceilingMs = Math.min(rule.maxMs, rule.initialMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random);
}
