import { expect, test } from "bun:test";
import { abortable } from "../../../../lib/rules/base/abortable.ts";
import { rejection } from "../../../support/rejection.ts";

const never = new Promise<never>(() => {});

test("returns the promise's result", async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve("done"), signal)).toBe("done");
  const failure = new Error("no");
  expect(await rejection(abortable(Promise.reject(failure), signal))).toBe(failure);
});

test("stops waiting at the abort", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = rejection(abortable(never, controller.signal));
  controller.abort(reason);
  expect(await waiting).toBe(reason);
  expect(await rejection(abortable(never, controller.signal))).toBe(reason);
});

test("rejects after an abort, even if the result is there", async () => {
  const reason = new Error("enough");
  expect(await rejection(abortable(Promise.resolve("done"), AbortSignal.abort(reason)))).toBe(reason);
});

test("a failure after the abort is not an unhandled rejection", async () => {
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
