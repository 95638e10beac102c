import { abortable } from "./abortable.ts";

/**
 * Clocks, timers and chance, from outside: on a host the system's, in a simulation virtual ones from a seed. What moves
 * records takes all of them from here, or a failing seed would not replay.
 */
export interface Time {
  /** Milliseconds since the epoch; may be set back. */
  now(): number;
  /** Milliseconds since some moment; never goes back. */
  monotonicMs(): number;
  /** In [0, 1). */
  random(): number;
  /** Calls it once, after so long. @returns calls it off */
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

/** A time limit. Whoever sets it ends it, or its timer stays until it is over. */
export interface Deadline extends Disposable {
  /** Aborts once the time is over, or `signal` does. */
  readonly signal: AbortSignal;
}

/** @param signal whatever ends it sooner */
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
