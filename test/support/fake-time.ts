import { jest } from "bun:test";

/** Lets everything that waits for nothing but promises go on. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}

/** Moves bun's fake timers on in steps, so that what one of them wakes can set the next. */
export async function advance(ms: number, stepMs = 50): Promise<void> {
  await flush();
  for (let left = ms; left > 0; left -= stepMs) {
    jest.advanceTimersByTime(Math.min(left, stepMs));
    await flush();
  }
}
