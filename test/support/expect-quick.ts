const TRIES = 3;

/**
 * Expects that something takes less than this, at least once: on a busy machine a process stands still for seconds now and
 * then, but what is slow is so each time.
 * @param act returns how long it took, in milliseconds
 */
export async function expectQuick(limitMs: number, act: () => Promise<number>): Promise<void> {
  const took: number[] = [];
  while (took.length < TRIES) {
    const tookMs = await act();
    if (tookMs < limitMs) return;
    took.push(Math.round(tookMs));
  }
  throw new Error(`it took ${took.join(", ")} ms, and never less than ${limitMs} ms`);
}
