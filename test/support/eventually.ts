/** How long a test waits for something to become true, unless it says otherwise. */
const DEADLINE_MS = 30_000;
/** Pauses grow up to here: what is quick is seen quickly. */
const LONGEST_PAUSE_MS = 50;

/**
 * Asks until the answer is neither null nor undefined nor false, and returns it.
 * @throws an error that says what was waited for, and the last error of `ask`
 */
export async function eventually<T>(
  what: string,
  ask: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const until = Date.now() + deadlineMs;
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
    if (Date.now() >= until) throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause });
    await Bun.sleep(pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}
