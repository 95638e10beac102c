import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is not null, and returns it. @throws the signal's reason */
export async function poll<T>(
  ask: () => T | null | Promise<T | null>,
  everyMs: number,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== null) return answer;
    await sleep(everyMs, undefined, { signal });
  }
}
