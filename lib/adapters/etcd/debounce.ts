/** The clock and timers a debounce runs on, so that tests can turn them by hand. */
export interface Timers {
  /** Milliseconds, from any fixed point. */
  now(): number;
  /** Calls `run` once after `delayMs`; returns what cancels it. */
  schedule(run: () => void, delayMs: number): () => void;
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  schedule: (run, delayMs) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface Debounce {
  readonly trigger: (reason: string) => void;
  /** Drops what is pending. */
  readonly stop: () => void;
}

/**
 * Calls `fire` at once for a trigger that none came before for `quietMs`: most changes are one. For those that follow it calls once
 * with the latest reason, when `quietMs` passed without another, at the latest `maxMs` after the first of them.
 */
export function createDebounce(
  fire: (reason: string) => void,
  {
    quietMs = 50,
    maxMs = 250,
    timers = systemTimers,
  }: { quietMs?: number; maxMs?: number; timers?: Timers } = {},
): Debounce {
  let lastAt = -Infinity;
  /** Of those that wait; null: none does. */
  let firstAt: number | null = null;
  let cancel = () => {};
  return {
    trigger(reason) {
      cancel();
      const now = timers.now();
      const wasQuiet = firstAt === null && now - lastAt >= quietMs;
      lastAt = now;
      if (wasQuiet) {
        fire(reason);
        return;
      }
      firstAt ??= now;
      const delayMs = Math.max(0, Math.min(quietMs, firstAt + maxMs - now));
      cancel = timers.schedule(() => {
        firstAt = null;
        fire(reason);
      }, delayMs);
    },
    stop() {
      cancel();
      firstAt = null;
    },
  };
}
