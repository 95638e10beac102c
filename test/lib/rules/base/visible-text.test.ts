import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { oneLine, visibleLines, visibleText } from "../../../../lib/rules/base/visible-text.ts";
import { acting, actingText } from "../../../support/acting-text.ts";

test("shows controls, direction marks and line separators as their codes", () => {
  expect(visibleText("a\u001b[31m\nb\u009b2J\u202e\u2066\u200f\u061c\u2028\u{e0041}")).toBe(
    "a\\u001b[31m\\u000ab\\u009b2J\\u202e\\u2066\\u200f\\u061c\\u2028\\udb40\\udc41",
  );
  expect(visibleLines("a\r\nb\tc")).toBe("a\\u000d\nb\\u0009c");
  expect(visibleText("Привет, 世界 → naïve ✓")).toBe("Привет, 世界 → naïve ✓");
  expect(oneLine("a\u001B[2J\r\nb\u202Ec ")).toBe("a [2J b c");
});

test("leaves no active character in any text, and keeps the meaning of JSON", () => {
  fc.assert(
    fc.property(actingText, (text) => {
      expect(visibleText(text)).not.toMatch(acting);
      expect(visibleLines(text).replaceAll("\n", "")).not.toMatch(acting);
      expect(oneLine(text)).not.toMatch(acting);
      expect(JSON.parse(visibleLines(JSON.stringify({ text }, null, 2)))).toEqual({ text });
    }),
  );
});
