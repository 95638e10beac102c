import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { isNestedTooDeeply } from "../../../../lib/rules/json/json-depth.ts";

const nested = (depth: number, inner = "") => `${"[".repeat(depth)}${inner}${"]".repeat(depth)}`;

test("allows 32 levels, and ignores brackets in strings", () => {
  expect(isNestedTooDeeply(nested(32))).toBe(false);
  expect(isNestedTooDeeply(nested(33))).toBe(true);
  expect(isNestedTooDeeply(`${'{"a":'.repeat(33)}1${"}".repeat(33)}`)).toBe(true);
  expect(isNestedTooDeeply(nested(40_000))).toBe(true);
  expect(isNestedTooDeeply(JSON.stringify(["[".repeat(99), `\\"${"{".repeat(99)}`, "\\"]))).toBe(false);
  expect(isNestedTooDeeply(`[${"[],".repeat(99)}[]]`)).toBe(false);
});

test("measures the depth of the value", () => {
  const depthOf = (value: unknown): number =>
    typeof value !== "object" || value === null ? 0 : 1 + Math.max(0, ...Object.values(value).map(depthOf));
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: "xlarge" }), fc.integer({ min: 0, max: 36 }), (value, around) => {
      const text = nested(around, JSON.stringify(value));
      expect(isNestedTooDeeply(text)).toBe(around + depthOf(value) > 32);
    }),
  );
});
