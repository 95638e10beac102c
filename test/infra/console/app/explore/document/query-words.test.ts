import { expect, test } from "bun:test";
import { isFilter, withValue } from "../../../../../../infra/console/app/explore/document/query-words.ts";
import { cutLength } from "../../../../../../infra/console/app/explore/document/cut-length.ts";

test.each([
  ["", "timeout", false, "timeout"],
  ["", "timeout", true, "-timeout"],
  ["a b", "GET /pay", false, 'a b "GET /pay"'],
  ["a", "-5", true, 'a -"-5"'],
  ["", 'say "no" \\', false, '"say  no"'],
  [" a ", "*", false, 'a "*"'],
  ["timeout", "timeout", false, "timeout"],
  ["a", '"', false, "a"],
])("%j with %j (exclude: %j) is %j", (query, value, exclude, expected) => {
  expect(withValue(query, value, exclude)).toBe(expected);
});

test("a text is cut before a pair of surrogates, not inside", () => {
  expect(cutLength("abc", 3)).toBe(3);
  expect(cutLength("abcd", 3)).toBe(3);
  expect(cutLength("ab😀d", 3)).toBe(2);
  expect(cutLength("ab😀d", 4)).toBe(4);
});

test.each([
  ["user.name", "Ann", true, true],
  ["kafka.value.user", "Ann", true, true],
  ["kafka.headers.trace", "a1", true, true],
  ["tags.0", "json_field_renamed", true, true],
  ["status", "404", false, false],
  ["@timestamp", "2026-11-29T10:00:00.000Z", true, false],
  ["kafka.topic", "app", true, false],
  ["took", "-", true, false],
  ["stack", "x".repeat(201), true, false],
  ["n", "abc", true, false],
  ["steps.3.n", "abc", true, false],
])("%s of %p, text: %p, is a filter: %p", (path, value, isText, expected) => {
  expect(isFilter({ path, value, isText }, ["n", "steps.n"])).toBe(expected);
});
