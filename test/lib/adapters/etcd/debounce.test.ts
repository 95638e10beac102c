import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createDebounce } from "../../../../lib/adapters/etcd/debounce.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("fires at once after a silence of 50 ms", () => {
  const fired: string[] = [];
  const debounce = createDebounce((reason) => fired.push(reason));
  debounce.trigger("first");
  expect(fired).toEqual(["first"]);
  jest.advanceTimersByTime(50);
  debounce.trigger("second");
  expect(fired).toEqual(["first", "second"]);
  jest.advanceTimersByTime(1_000);
  expect(fired).toEqual(["first", "second"]);
});

test("fires once for all that follow sooner, 50 ms after the last of them, with its reason", () => {
  const fired: string[] = [];
  const debounce = createDebounce((reason) => fired.push(reason));
  debounce.trigger("first");
  jest.advanceTimersByTime(20);
  debounce.trigger("second");
  jest.advanceTimersByTime(49);
  debounce.trigger("third");
  jest.advanceTimersByTime(49);
  expect(fired).toEqual(["first"]);
  jest.advanceTimersByTime(1);
  expect(fired).toEqual(["first", "third"]);
  jest.advanceTimersByTime(1_000);
  expect(fired).toEqual(["first", "third"]);
});

test("lets no trigger wait longer than 250 ms while others keep coming", () => {
  const firedAt: number[] = [];
  const startedAt = performance.now();
  const debounce = createDebounce(() => firedAt.push(performance.now() - startedAt));
  for (let ms = 0; ms < 600; ms += 10) {
    debounce.trigger(`at ${ms}`);
    jest.advanceTimersByTime(10);
  }
  jest.advanceTimersByTime(40);
  expect(firedAt).toEqual([0, 260, 510, 640]);
});

test("drops what is pending when stopped", () => {
  const fired: string[] = [];
  const debounce = createDebounce((reason) => fired.push(reason));
  debounce.trigger("x");
  debounce.trigger("y");
  debounce.stop();
  jest.advanceTimersByTime(1_000);
  expect(fired).toEqual(["x"]);
});
