import { expect, test } from "bun:test";
import { checksOf, isRefused, namesText, tallyOf } from "../../../../lib/rules/diagnosis/check.ts";

test("a few names are all named, many are counted", () => {
  expect(namesText(["a", "b"])).toBe("a, b");
  const many = Array.from({ length: 1_012 }, (_, n) => `t${n}`);
  expect(namesText(many)).toBe("t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 and 1,002 more");
});

test("checks are counted by their state", () => {
  const { ok, warning, failed, skipped } = checksOf("kafka");
  const checks = [
    ok("a", "x"),
    ok("b", "x"),
    warning("c", "x", "y"),
    failed("d", "x", "y"),
    skipped("e", "x"),
  ];
  expect(tallyOf(checks)).toEqual({ ok: 2, warning: 1, failed: 1, skipped: 1 });
});

test("a refusal is distinguished from an answer", () => {
  expect(isRefused({ refused: "no" })).toBe(true);
  expect(isRefused({ state: "Empty" })).toBe(false);
  expect(isRefused(null)).toBe(false);
});
