import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { fragmentLine, lineOf } from "../../../../../lib/rules/search/hits/segments.ts";
import { anyText } from "../../../../support/any-text.ts";

const m = "MARK";

test("splits at the marker, and markup stays text", () => {
  expect(lineOf("<em>a</em> b c", `<em>${m}a${m}</em> ${m}b${m} c`, m, 100)).toEqual({
    segments: [
      ["<em>", false],
      ["a", true],
      ["</em> ", false],
      ["b", true],
      [" c", false],
    ],
    cut: false,
  });
});

test("the part that the marked text lacks follows unmarked", () => {
  expect(lineOf("a b\0c", `${m}a${m} b`, m, 100).segments).toEqual([
    ["a", true],
    [" b", false],
    ["\0c", false],
  ]);
});

test.each([
  ["another text", `x ${m}y${m}`],
  ["a piece of it", `${m}b${m}`],
  ["an unclosed marker", `${m}a b`],
  ["nothing marked", null],
])("with %s nothing is marked", (_, marked) => {
  expect(lineOf("a b", marked, m, 100).segments).toEqual([["a b", false]]);
});

test("may be cut in the middle of a match", () => {
  expect(lineOf("abcdef gh", `ab${m}cdef${m} ${m}gh${m}`, m, 4)).toEqual({
    segments: [
      ["ab", false],
      ["cd", true],
    ],
    cut: true,
  });
});

test("a fragment may always go on", () => {
  expect(fragmentLine(`x ${m}y${m}`, m, 100)).toEqual({
    segments: [
      ["x ", false],
      ["y", true],
    ],
    cut: true,
  });
  expect(fragmentLine("", m, 100)).toEqual({ segments: [], cut: true });
});

test("the segments add up to the message whatever is marked, and none contains the marker", () => {
  const piece = anyText;
  fc.assert(
    fc.property(fc.array(piece), fc.nat(60), (pieces, maxBytes) => {
      const message = pieces.join("");
      const marker = `\u{F0000}${"x".repeat(20)}`;
      const marked = pieces.map((each, at) => (at % 2 === 1 ? marker + each + marker : each)).join("");
      const { segments, cut } = lineOf(message, marked, marker, maxBytes);
      const text = segments.map(([each]) => each).join("");
      expect(message).toStartWith(text);
      expect(cut).toBe(text !== message);
      expect(segments.every(([each]) => each !== "" && !each.includes(marker))).toBe(true);
    }),
  );
});
