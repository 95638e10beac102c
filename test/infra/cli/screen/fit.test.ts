import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { cutTo, fitted, widthOf } from "../../../../infra/cli/screen/fit.ts";

test.each([
  ["short", 8, "short   "],
  ["exactly8", 8, "exactly8"],
  ["much too long", 8, "much to…"],
  ["漢字漢字漢字", 6, "漢字… "],
  ["\u001b[2J", 8, "\\u001b[…"],
])("%j in %i columns", (text, columns, told) => {
  expect(fitted(text, columns)).toBe(told);
});

test("figures are filled up before", () => {
  expect(fitted("12", 4, "right")).toBe("  12");
});

test("whatever the text, it is exactly as wide, or no wider", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, columns) => {
      expect(widthOf(fitted(text, columns))).toBe(columns);
      expect(widthOf(cutTo(text, columns))).toBeLessThanOrEqual(columns);
    }),
  );
});
