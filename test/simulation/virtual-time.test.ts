import { expect, test } from "bun:test";
import { array, assert, integer, nat, oneof, property, record } from "fast-check";
import { seededRandom } from "../../infra/bench/kit/random.ts";
import { deadline, sleep } from "../../lib/rules/base/time.ts";
import { createTimerQueue } from "./timer-queue.ts";
import { createVirtualTime } from "./virtual-time.ts";

test("timers run when they are due, equal ones in the order they were set", () => {
  const time = createVirtualTime(seededRandom(1));
  const story: string[] = [];
  const note = (what: string) => () => story.push(`${time.monotonicMs()} ${what}`);
  time.after(20, note("late"));
  time.after(10, note("first"));
  time.after(10, note("second"));
  time.after(30, note("beyond"));
  time.run(25);
  expect(story).toEqual(["10 first", "10 second", "20 late"]);
  expect(time.monotonicMs()).toBe(25);
  expect(time.timers).toBe(1);
});

test("everything that waits only for promises runs before the next timer", () => {
  const time = createVirtualTime(seededRandom(1));
  const story: string[] = [];
  const deep = async (): Promise<void> => {
    for (let turn = 0; turn < 1_000; turn += 1) await Promise.resolve();
    story.push("deep");
    await sleep(time, 5);
    story.push(`slept until ${time.monotonicMs()}`);
  };
  time.after(1, () => void deep());
  time.after(2, () => story.push("next timer"));
  time.run(100);
  expect(story).toEqual(["deep", "next timer", "slept until 6"]);
});

test("a promise is run until it settles; one that never does is reported", () => {
  const time = createVirtualTime(seededRandom(1));
  const seven = async (): Promise<number> => {
    await sleep(time, 1_000);
    return 7;
  };
  expect(time.settle(seven(), 5_000)).toBe(7);
  expect(time.monotonicMs()).toBe(1_000);
  const limit = deadline(time, 50);
  expect(() => time.settle(sleep(time, 1_000, limit.signal), 5_000)).toThrow("not done within 50 ms");
  expect(() => time.settle(new Promise(() => {}), 5_000)).toThrow("not settled at 5000 ms");
});

test("the wall clock may be set back, the monotonic one goes on", () => {
  const time = createVirtualTime(seededRandom(1));
  const began = time.now();
  time.run(100);
  time.setClock(-1_000);
  expect(time.now()).toBe(began - 900);
  expect(time.monotonicMs()).toBe(100);
});

test("a queue behaves like a sorted list, whatever is added, cancelled and taken", () => {
  const act = oneof(
    record({ add: integer({ min: 0, max: 50 }) }),
    record({ callOff: nat() }),
    record({ take: integer({ min: 0, max: 60 }) }),
  );
  assert(
    property(array(act, { maxLength: 200 }), (acts) => {
      const queue = createTimerQueue();
      let model: { readonly atMs: number; readonly id: number }[] = [];
      const calls: (() => void)[] = [];
      const ids = new Map<() => void, number>();
      for (const [id, one] of acts.entries())
        if ("add" in one) {
          const call = (): void => {};
          ids.set(call, id);
          const callOff = queue.add(one.add, call);
          model = [...model, { atMs: one.add, id }].sort((a, b) => a.atMs - b.atMs || a.id - b.id);
          calls.push(() => {
            callOff();
            model = model.filter((entry) => entry.id !== id);
          });
        } // What ran already may be called off as well.
        else if ("callOff" in one) calls[one.callOff % (calls.length + 1)]?.();
        else {
          const taken = queue.takeDue(one.take);
          const first = model[0];
          const due = first !== undefined && first.atMs <= one.take ? first : null;
          if (due !== null) model.shift();
          expect(taken === null ? null : ids.get(taken.act)).toBe(due?.id ?? null);
        }
      expect(queue.size).toBe(model.length);
    }),
  );
});
