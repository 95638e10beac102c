import { expect, test } from "bun:test";
import { createDebounce, type Timers } from "../../../../lib/adapters/etcd/debounce.ts";

/** A clock turned by hand. */
function handTimers(): Timers & { advance(ms: number): void } {
  let now = 0;
  let pending: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    schedule: (run, delayMs) => {
      const entry = { at: now + delayMs, run };
      pending.push(entry);
      return () => {
        pending = pending.filter((other) => other !== entry);
      };
    },
    advance(ms) {
      now += ms;
      const due = pending.filter(({ at }) => at <= now);
      pending = pending.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

test("fires once, 50 ms after the last trigger, with its reason", () => {
  const timers = handTimers();
  const fired: string[] = [];
  const debounce = createDebounce((reason) => fired.push(reason), { timers });
  debounce.trigger("first");
  timers.advance(40);
  debounce.trigger("second");
  timers.advance(49);
  expect(fired).toEqual([]);
  timers.advance(1);
  expect(fired).toEqual(["second"]);
  timers.advance(1_000);
  expect(fired).toEqual(["second"]);
});

test("does not wait longer than 250 ms while triggers keep coming, and starts afresh afterwards", () => {
  const timers = handTimers();
  const firedAt: number[] = [];
  const debounce = createDebounce(() => firedAt.push(timers.now()), { timers });
  for (let ms = 0; ms < 600; ms += 10) {
    debounce.trigger(`at ${ms}`);
    timers.advance(10);
  }
  expect(firedAt).toEqual([250, 500]);
});

test("drops what is pending when stopped", () => {
  const timers = handTimers();
  let fired = 0;
  const debounce = createDebounce(() => (fired += 1), { timers });
  debounce.trigger("x");
  debounce.stop();
  timers.advance(1_000);
  expect(fired).toBe(0);
});
