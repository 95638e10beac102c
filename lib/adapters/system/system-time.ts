import type { Time } from "../../rules/base/time.ts";

/** The system's own clocks, timers and random numbers. */
export const systemTime: Time = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
