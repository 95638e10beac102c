import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { substitute } from "../../../../lib/rules/config/substitute.ts";

const environment = { A: "one", EMPTY: "", NESTED: "${A}" };

test.each([
  ["plain", "plain"],
  ["${A}", "one"],
  ["x-${A}-${A}", "x-one-one"],
  ["${EMPTY}", ""],
  ["${NONE:-d}", "d"],
  ["${NONE:-}", ""],
  ["${EMPTY:-d}", "d"],
  ["${A:-d}", "one"],
  ["${NONE:-http://x:1/}", "http://x:1/"],
  ["$${A}", "${A}"],
  ["$A $ {A}", "$A $ {A}"],
  ["${NESTED}", "${A}"],
])("%s becomes %s", (text, expected) => {
  const result = substitute(text, environment);
  expect(result.ok && result.text).toBe(expected);
});

test.each([
  ["${NONE}", "needs the environment variable NONE, which is not set"],
  [
    "${X} ${Y}",
    "needs the environment variable X, which is not set; it needs the environment variable Y, which is not set",
  ],
  ["${toString}", "needs the environment variable toString, which is not set"],
  ["${a b}", "holds a ${ that names no variable: write ${NAME}, or $${ for the two characters themselves"],
  ["${", "holds a ${ that names no variable: write ${NAME}, or $${ for the two characters themselves"],
])("%s is refused", (text, rule) => {
  expect(substitute(text, environment)).toEqual({ ok: false, rule });
});

test("a variable's content arrives untouched, whatever it is", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(substitute("<${V}>", { V: value })).toEqual({ ok: true, text: `<${value}>`, substituted: true });
    }),
  );
});

test("text without ${ stays as it is", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.includes("${"));
      expect(substitute(text, {})).toEqual({ ok: true, text, substituted: false });
    }),
  );
});
