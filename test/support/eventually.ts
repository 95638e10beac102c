/** How long a test waits by default. */
const DEADLINE_MS = 30_000;
/** Deadlines are written for a quiet machine, and only end what hangs: a busy one gets so many times as long. */
const PATIENCE = 4;
/** Pauses grow up to this, so that quick changes are seen quickly. */
const LONGEST_PAUSE_MS = 50;

/**
 * Calls `ask` until its result is neither null nor undefined nor false, and returns it.
 * @throws an error with the name of the condition and the last error of `ask`
 */
export async function eventually<T>(
  what: string,
  ask: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const waitMs = deadlineMs * PATIENCE;
  const until = Date.now() + waitMs;
  let pauseMs = 1;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= until) throw new Error(`not within ${waitMs} ms: ${what}`, { cause });
    await Bun.sleep(pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}
