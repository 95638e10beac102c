import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { cutDocument } from "../../../../../lib/rules/search/hits/cut-document.ts";

test("cuts long strings everywhere, and leaves the rest as written", () => {
  const raw = `{ "n": 1.000 ,"big":12345678901234567890,"a":["${"x".repeat(20)}",{"b":"${"\\u00e9".repeat(9)}"}]}`;
  expect(cutDocument(raw, 10, 1_000)).toBe(
    `{ "n": 1.000 ,"big":12345678901234567890,"a":["${"x".repeat(10)}…",{"b":"${"é".repeat(5)}…"}]}`,
  );
});

test("does not cut names, or strings that are only long when escaped", () => {
  const raw = `{"${"n".repeat(50)}" : "${"\\u0041".repeat(10)}"}`;
  expect(cutDocument(raw, 10, 1_000)).toBe(raw);
});

test("is null if it is still too long", () => {
  expect(cutDocument(`[${'"a",'.repeat(100)}"a"]`, 10, 403)).toBeNull();
  expect(cutDocument('"é"', 10, 3)).toBeNull();
  expect(cutDocument('"é"', 10, 4)).toBe('"é"');
});

test("stays valid JSON with the same shape", () => {
  const shape = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === "string" ? "" : each)));
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const raw = JSON.stringify(value);
      const cut = cutDocument(raw, 4, 1e6);
      expect(shape(JSON.parse(cut ?? ""))).toEqual(shape(JSON.parse(raw)));
    }),
  );
});
