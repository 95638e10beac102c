import { expect, test } from "bun:test";
import { abortable } from "../../../../lib/rules/base/abortable.ts";
import { rejection } from "../../../support/rejection.ts";

const never = new Promise<never>(() => {});

test("gives what the promise gives", async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve("done"), signal)).toBe("done");
  const failure = new Error("no");
  expect(await rejection(abortable(Promise.reject(failure), signal))).toBe(failure);
});

test("waits no longer than until the abort", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = rejection(abortable(never, controller.signal));
  controller.abort(reason);
  expect(await waiting).toBe(reason);
  expect(await rejection(abortable(never, controller.signal))).toBe(reason);
});

test("after the abort, what is there by then counts no more", async () => {
  const reason = new Error("enough");
  expect(await rejection(abortable(Promise.resolve("done"), AbortSignal.abort(reason)))).toBe(reason);
});

test("a failure after the abort is nobody's unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", listener);
  try {
    const late = Promise.withResolvers<void>();
    const controller = new AbortController();
    const waiting = rejection(abortable(late.promise, controller.signal));
    controller.abort(new Error("enough"));
    await waiting;
    late.reject(new Error("too late"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", listener);
  }
});
