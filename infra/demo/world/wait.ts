import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  readonly signal: AbortSignal;
  readonly withinMs: number;
  /** Between two questions; 50 unless told. */
  readonly everyMs?: number;
}

/**
 * Asks until there is an answer, and returns it; null means "not yet".
 * @throws the signal's reason, what `ask` throws, or an error that says what was waited for
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | null>,
  { signal, withinMs, everyMs = 50 }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() >= deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await pause(everyMs, signal);
  }
}

/** @throws the signal's reason */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
