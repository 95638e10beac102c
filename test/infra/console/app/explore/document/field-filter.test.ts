import { expect, test } from "bun:test";
import {
  fieldFilter,
  isFilter,
  withFilter,
} from "../../../../../../infra/console/app/explore/document/field-filter.ts";
import { parseQuery } from "../../../../../../lib/rules/search/grammar/parse.ts";
import { fieldTests } from "../../../../../../lib/rules/search/grammar/query.ts";
import { cutLength } from "../../../../../../infra/console/app/explore/document/cut-length.ts";

test.each([
  ["service.name", "payment", false, "service.name: payment"],
  ["service.name", "payment", true, "-service.name: payment"],
  ["tags.0", "env:prod", false, 'tags: "env:prod"'],
  ["status", "-5", false, 'status: "-5"'],
  ["range", "1..2", false, 'range: "1..2"'],
  ["app.kubernetes.io/name", "a b", false, '"app.kubernetes.io/name": "a b"'],
  ["path", String.raw`C:\"x"*`, false, String.raw`path: "C:\\\"x\"*"`],
])("%s of %j (exclude: %j) is %j, and is understood", (path, value, exclude, expected) => {
  const filter = fieldFilter(path, value, exclude);
  expect(filter).toBe(expected);
  const [test] = fieldTests(parseQuery(filter));
  expect(test).toMatchObject({ field: path.replace(".0", ""), test: { kind: "is", value } });
});

test("a filter is there once, and replaces its opposite", () => {
  expect(withFilter(["a: 1", "-b: 2"], "b: 2")).toEqual(["a: 1", "b: 2"]);
  expect(withFilter(["a: 1"], "a: 1")).toEqual(["a: 1"]);
  expect(withFilter(["a: 1"], "-a: 1")).toEqual(["-a: 1"]);
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
  ["status", "404", false, true],
  ["ok", "true", false, true],
  ["gone", "null", false, false],
  ["empty", "[]", false, false],
  ["@timestamp", "2026-11-29T10:00:00.000Z", true, false],
  ["kafka.topic", "app", true, false],
  ["took", "-", true, true],
  ["stack", "x".repeat(201), true, false],
  ["n", "abc", true, false],
  ["steps.3.n", "abc", true, false],
])("%s of %p, text: %p, is a filter: %p", (path, value, isText, expected) => {
  expect(isFilter({ path, value, isText }, ["n", "steps.n"])).toBe(expected);
});
