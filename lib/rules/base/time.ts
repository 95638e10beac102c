import { abortable } from "./abortable.ts";

/**
 * The clocks, timers and randomness passed in from outside: the system's on a host, seeded virtual ones in a simulation.
 * All code that moves records must use these, or a failing seed would not replay.
 */
export interface Time {
  /** Milliseconds since the epoch; may go back when the clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** In [0, 1). */
  random(): number;
  /** Calls `act` once, after `ms`. @returns a function that cancels it */
  after(ms: number, act: () => void): () => void;
}

/** @throws the signal's reason */
export async function sleep(time: Time, ms: number, signal?: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const callOff = time.after(ms, over.resolve);
  try {
    await (signal === undefined ? over.promise : abortable(over.promise, signal));
  } finally {
    callOff();
  }
}

/** A time limit. Dispose of it, or its timer keeps running until the limit is reached. */
export interface Deadline extends Disposable {
  /** Aborts once the time is up or the given signal aborts. */
  readonly signal: AbortSignal;
}

/** @param signal ends it sooner */
export function deadline(time: Time, ms: number, signal?: AbortSignal): Deadline {
  const control = new AbortController();
  const callOff = time.after(ms, () => {
    control.abort(new DOMException(`not done within ${ms} ms`, "TimeoutError"));
  });
  const onAbort = (): void => control.abort(signal?.reason);
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: control.signal,
    [Symbol.dispose]() {
      callOff();
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

/** Lets one loop wait until it is woken, or for some time. */
export class Waker {
  readonly #time: Time;
  #waiting: (() => void) | null = null;
  #pausing: (() => void) | null = null;
  #isWoken = false;
  #isClosed = false;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Ends the current wait, or the next one. */
  wake(): void {
    const end = this.#waiting;
    this.#waiting = null;
    this.#isWoken = end === null;
    end?.();
  }

  /** Resolves when woken, or at once if woken since the last wait. @param ms the time limit, or null */
  async wait(ms: number | null): Promise<void> {
    if (!this.#isWoken && !this.#isClosed) {
      const ended = Promise.withResolvers<void>();
      this.#waiting = ended.resolve;
      const callOff = ms === null ? null : this.#time.after(ms, ended.resolve);
      await ended.promise;
      callOff?.();
      this.#waiting = null;
    }
    this.#isWoken = false;
  }

  /** Resolves after that time, even if woken. */
  async pause(ms: number): Promise<void> {
    if (this.#isClosed) return;
    const ended = Promise.withResolvers<void>();
    this.#pausing = ended.resolve;
    const callOff = this.#time.after(ms, ended.resolve);
    await ended.promise;
    callOff();
    this.#pausing = null;
  }

  /** Ends every wait and pause for good. */
  close(): void {
    this.#isClosed = true;
    this.#pausing?.();
    this.wake();
  }
}
