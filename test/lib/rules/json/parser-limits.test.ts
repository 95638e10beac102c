import { expect, test } from "bun:test";
import { parserLimit } from "../../../../lib/rules/json/parser-limits.ts";

const digits = (count: number) => "9".repeat(count);
const lists = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const tooLong = "a number has more than 1000 characters";
const tooDeep = "objects or lists are nested more than 990 levels deep";

test.each([
  [digits(1_000), null],
  [digits(1_001), tooLong],
  [`[1,${digits(1_001)}]`, tooLong],
  [`[-0.${digits(998)}]`, tooLong],
  [`[${Array(2_000).fill("12").join(",")}]`, null],
  [`{"${digits(2_000)}":"${digits(2_000)}"}`, null],
  [`{"a\\"${"[".repeat(2_000)}":1}`, null],
  [JSON.stringify(digits(2_000)), null],
  [lists(990), null],
  [lists(991), tooDeep],
  [`${'{"a":'.repeat(991)}1${"}".repeat(991)}`, tooDeep],
  [`[${Array(2_000).fill(lists(2)).join(",")}]`, null],
])("%#: says which rule of the parser a value breaks", (raw, limit) => {
  expect(parserLimit(["1", raw])).toBe(limit);
});
