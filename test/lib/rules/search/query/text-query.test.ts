import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createTextMatcher } from "../../../../../lib/rules/search/query/text-query.ts";
import { anyText } from "../../../../support/any-text.ts";
import { cpuMs } from "../../../../support/cpu-time.ts";

const line = 'GET /pay TIMEOUT after 3000 ms, id=7 C:\\temp "quoted" ((x Straße';

test.each([
  ["timeout", true],
  ["time", false],
  ["time*", true],
  ["out*", false],
  ["timeout get", true],
  ["timeout lost", false],
  ['"after 3000"', true],
  ['"3000 after"', false],
  ['"after 30"', false],
  ["timeout -lost", true],
  ["timeout -get", false],
  ["-lost", true],
  ['-"after 3000"', false],
  ["--timeout", true],
  ["/pay", true],
  ["id=7", true],
  ["id=", true],
  ["C:\\", true],
  ["((", true],
  ["(y", false],
  ["STRASSE", false],
  ["straße", true],
  ['"get after', true],
  ['"lost after', false],
])("%s finds the line: %p", (query, found) => {
  expect(createTextMatcher(query)?.(line.toLowerCase())).toBe(found);
});

test.each(["", "  ", '"', '""', "-", "*", "--", '" "', "- *"])("%p asks for nothing", (query) => {
  expect(createTextMatcher(query)).toBeNull();
});

test("any text is a query, and takes only a moment on any line", () => {
  fc.assert(
    fc.property(anyText, anyText, (query, text) => {
      expect(typeof (createTextMatcher(query)?.(text.toLowerCase()) ?? true)).toBe("boolean");
    }),
  );
  const before = cpuMs();
  expect(
    createTextMatcher(`${"a".repeat(500)} ${"(".repeat(500)}b`)?.("a".repeat(2e5) + "(".repeat(2e5)),
  ).toBe(false);
  expect(cpuMs() - before).toBeLessThan(500);
});
