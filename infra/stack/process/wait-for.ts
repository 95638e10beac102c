import { setTimeout as delay } from "node:timers/promises";

type NotYet = null | undefined | false;

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** No limit by default. */
  readonly withinMs?: number;
  /** The pause between two questions; 50 by default. */
  readonly everyMs?: number;
}

/**
 * Asks until the answer is neither null, undefined nor false, and returns it.
 * @param what names the condition in the error of a wait that takes too long
 * @throws that error, the signal's reason, or what `ask` throws
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | NotYet | Promise<T | NotYet>,
  { signal, withinMs = Infinity, everyMs = 50 }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (performance.now() >= deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await pause(everyMs, signal);
  }
}

/** @throws the signal's reason */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
