import { jest, spyOn } from "bun:test";

/** Lets everything continue that only waits for promises. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}

/** Advances Bun's fake timers in steps, so that one timer's callback can set the next. */
export async function advance(ms: number, stepMs = 50): Promise<void> {
  await flush();
  for (let left = ms; left > 0; left -= stepMs) {
    jest.advanceTimersByTime(Math.min(left, stepMs));
    await flush();
  }
}

/** Lets `AbortSignal.timeout` follow Bun's fake timers, which do not know it, until it is disposed of. */
export const fakeTimeouts = () =>
  spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const timeout = new AbortController();
    setTimeout(() => timeout.abort(new DOMException("The operation timed out.", "TimeoutError")), ms);
    return timeout.signal;
  });
