import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { cutText } from "../../../../../lib/rules/search/hits/cut-text.ts";
import { anyText } from "../../../../support/any-text.ts";

test.each([
  ["abc", 3, "abc", false],
  ["abcd", 3, "abc", true],
  ["aé", 2, "a", true],
  ["a\u{1F600}", 4, "a", true],
  ["a\u{1F600}b", 5, "a\u{1F600}", true],
  ["\ud800\ud800", 3, "\ud800", true],
  ["", 0, "", false],
])("%p in %d bytes is %p", (text, bytes, expected, cut) => {
  expect(cutText(text, bytes)).toEqual({ text: expected, cut });
});

test("returns the longest beginning that fits", () => {
  fc.assert(
    fc.property(anyText, fc.nat(40), (whole, maxBytes) => {
      const { text, cut } = cutText(whole, maxBytes);
      expect(whole).toStartWith(text);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
      expect(cut).toBe(text !== whole);
      if (cut) {
        const next = String.fromCodePoint(whole.codePointAt(text.length) ?? 0);
        expect(Buffer.byteLength(text + next)).toBeGreaterThan(maxBytes);
      }
    }),
  );
});
