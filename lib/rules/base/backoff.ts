/** The range of the waits between attempts. */
export interface BackoffRule {
  readonly initialMs: number;
  readonly maxMs: number;
}

/**
 * Exponential backoff with "equal jitter": half of the wait is fixed and half is random. Hosts that failed together
 * do not retry together, and no wait is close to zero.
 * @param attempt the number of failures so far, from 1
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function backoffMs(rule: BackoffRule, attempt: number, random: number): number {
  const ceilingMs = Math.min(rule.maxMs, rule.initialMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random);
}
