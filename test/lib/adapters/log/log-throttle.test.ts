import { expect, test } from "bun:test";
import { createThrottledLogger } from "../../../../lib/adapters/log/log-throttle.ts";
import type { LogFields, Logger } from "../../../../lib/rules/base/logger.ts";

function setUp() {
  const lines: { message: string; fields: LogFields | undefined }[] = [];
  const write = (message: string, fields?: LogFields) => void lines.push({ message, fields });
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const clock = { now: 0 };
  return { lines, clock, throttled: createThrottledLogger(logger, { now: () => clock.now }) };
}

test("a repeating failure is logged once in 30 s, and the next line counts those left out", () => {
  const { lines, clock, throttled } = setUp();
  for (clock.now = 0; clock.now < 30_000; clock.now += 1_000) {
    throttled.warn("bulk failed", { topic: "a", reason: "timeout", at: clock.now });
  }
  expect(lines).toEqual([{ message: "bulk failed", fields: { topic: "a", reason: "timeout", at: 0 } }]);
  throttled.warn("bulk failed", { topic: "a", reason: "timeout", at: clock.now });
  expect(lines[1]?.fields).toEqual({ topic: "a", reason: "timeout", at: 30_000, leftOut: 29 });
});

test("another topic or reason is another failure", () => {
  const { lines, throttled } = setUp();
  throttled.warn("x", { topic: "a", reason: "timeout" });
  throttled.warn("x", { topic: "b", reason: "timeout" });
  throttled.error("x", { topic: "a", reason: "connection" });
  throttled.error("x", { reason: "timeout" });
  expect(lines).toHaveLength(4);
});

test("flush logs suppressed failures after 30 s, and forgets those that stopped", () => {
  const { lines, clock, throttled } = setUp();
  throttled.warn("x", { topic: "a", reason: "timeout", n: 1 });
  throttled.warn("x", { topic: "a", reason: "timeout", n: 2 });
  throttled.warn("x", { topic: "b", reason: "timeout" });
  throttled.flush();
  expect(lines).toHaveLength(2);
  clock.now = 30_000;
  throttled.flush();
  expect(lines[2]?.fields).toEqual({ topic: "a", reason: "timeout", n: 2, leftOut: 1 });
  throttled.flush();
  throttled.warn("x", { topic: "a", reason: "timeout" });
  expect(lines).toHaveLength(3);
  throttled.warn("x", { topic: "b", reason: "timeout" });
  expect(lines).toHaveLength(4);
});
