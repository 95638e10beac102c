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

test("fires at once after a silence of 50 ms", () => {
  const timers = handTimers();
  const fired: string[] = [];
  const debounce = createDebounce((reason) => fired.push(reason), { timers });
  debounce.trigger("first");
  expect(fired).toEqual(["first"]);
  timers.advance(50);
  debounce.trigger("second");
  expect(fired).toEqual(["first", "second"]);
  timers.advance(1_000);
  expect(fired).toEqual(["first", "second"]);
});

test("fires once for all that follow sooner, 50 ms after the last of them, with its reason", () => {
  const timers = handTimers();
  const fired: string[] = [];
  const debounce = createDebounce((reason) => fired.push(reason), { timers });
  debounce.trigger("first");
  timers.advance(20);
  debounce.trigger("second");
  timers.advance(49);
  debounce.trigger("third");
  timers.advance(49);
  expect(fired).toEqual(["first"]);
  timers.advance(1);
  expect(fired).toEqual(["first", "third"]);
  timers.advance(1_000);
  expect(fired).toEqual(["first", "third"]);
});

test("lets no trigger wait longer than 250 ms while others keep coming", () => {
  const timers = handTimers();
  const firedAt: number[] = [];
  const debounce = createDebounce(() => firedAt.push(timers.now()), { timers });
  for (let ms = 0; ms < 600; ms += 10) {
    debounce.trigger(`at ${ms}`);
    timers.advance(10);
  }
  timers.advance(40);
  expect(firedAt).toEqual([0, 260, 510, 640]);
});

test("drops what is pending when stopped", () => {
  const timers = handTimers();
  const fired: string[] = [];
  const debounce = createDebounce((reason) => fired.push(reason), { timers });
  debounce.trigger("x");
  debounce.trigger("y");
  debounce.stop();
  timers.advance(1_000);
  expect(fired).toEqual(["x"]);
});
