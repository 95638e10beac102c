import { describe, expect, test } from "bun:test";
import { messageOf, PenstockError } from "../../../../lib/rules/base/errors.ts";

describe("a PenstockError", () => {
  test("is not retryable by default", () => {
    expect(new PenstockError("usage", "no").retryable).toBe(false);
    expect(new PenstockError("etcd_unavailable", "gone", { retryable: true }).retryable).toBe(true);
  });

  test("keeps its code and its cause", () => {
    const cause = new Error("why");
    const error = new PenstockError("kafka_refused", "no", { cause });
    expect(error).toMatchObject({ name: "PenstockError", code: "kafka_refused", message: "no", cause });
    expect("cause" in new PenstockError("usage", "no")).toBe(false);
  });
});

test("the message of anything thrown is on one line", () => {
  expect(messageOf(new Error("one\n  two\t three "))).toBe("one two three");
  expect(messageOf(new TypeError(""))).toBe("TypeError");
  expect(messageOf("a string\n")).toBe("a string");
  expect([undefined, null, 7].map(messageOf)).toEqual(["undefined", "null", "7"]);
});
