import { drainMicrotasks } from "bun:jsc";
import type { SeededRandom } from "../../infra/bench/kit/random.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import { createTimerQueue } from "./timer-queue.ts";

/**
 * Time that stands still until it is run, and then jumps from timer to timer. In between, everything runs that waits
 * only for promises. A simulation must not wait for anything else, because real events do not follow a seed.
 */
export interface VirtualTime extends Time {
  /** Runs the next timer due by then with its immediate effects. @returns false if none; it is then `untilMs` */
  step(untilMs: number): boolean;
  /** Runs everything due by then. */
  run(untilMs: number): void;
  /** Runs until the promise has settled. @throws its rejection; Error if it does not settle by then */
  settle<T>(promise: Promise<T>, untilMs: number): T;
  /** Sets the wall clock forward or back; the monotonic one is unaffected. */
  setClock(byMs: number): void;
  /** The number of pending timers. */
  readonly timers: number;
}

/** 2026-01-01: the wall clock when the monotonic one is 0. */
const EPOCH_MS = 1_767_225_600_000;

export function createVirtualTime(random: SeededRandom): VirtualTime {
  const queue = createTimerQueue();
  let nowMs = 0;
  let clockMs = EPOCH_MS;

  const step = (untilMs: number): boolean => {
    // Work started since the last step by the simulation's caller.
    drainMicrotasks();
    const timer = queue.takeDue(untilMs);
    if (timer === null) {
      nowMs = Math.max(nowMs, untilMs);
      return false;
    }
    nowMs = Math.max(nowMs, timer.atMs);
    timer.act();
    drainMicrotasks();
    return true;
  };

  return {
    now: () => Math.floor(clockMs + nowMs),
    monotonicMs: () => nowMs,
    random: random.next,
    after: (ms, act) => queue.add(nowMs + Math.max(0, ms), act),
    step,
    run(untilMs) {
      while (step(untilMs));
    },
    settle<T>(promise: Promise<T>, untilMs: number): T {
      const settled: { value?: { readonly of: T }; failure?: { readonly reason: unknown } } = {};
      promise.then(
        (of) => (settled.value = { of }),
        (reason: unknown) => (settled.failure = { reason }),
      );
      drainMicrotasks();
      while (settled.value === undefined && settled.failure === undefined && step(untilMs));
      if (settled.value !== undefined) return settled.value.of;
      if (settled.failure !== undefined) throw settled.failure.reason;
      throw new Error(`not settled at ${untilMs} ms of virtual time`);
    },
    setClock(byMs) {
      clockMs += byMs;
    },
    get timers() {
      return queue.size;
    },
  };
}
