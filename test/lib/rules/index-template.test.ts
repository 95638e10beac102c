import { expect, test } from "bun:test";
import { coveringTemplate, missingPatterns, throwRefused } from "../../../lib/rules/index-template.ts";

test("patterns are added, never taken away", () => {
  expect(coveringTemplate(null, ["b", "a"]).index_patterns).toEqual(["a", "b"]);
  expect(coveringTemplate({ patterns: ["old-*"], version: 2 }, ["a"]).index_patterns).toEqual(["a", "old-*"]);
});

test("nothing is written where nothing changes", () => {
  expect(missingPatterns(null, [])).toBeNull();
  expect(missingPatterns({ patterns: ["a", "b"], version: 2 }, ["b"])).toBeNull();
  expect(missingPatterns({ patterns: ["a"], version: 2 }, ["b", "a", "b"])).toEqual(["b"]);
});

test("an older form is replaced, a newer one left alone", () => {
  expect(missingPatterns({ patterns: ["a"], version: 1 }, ["a"])).toEqual([]);
  expect(missingPatterns({ patterns: ["a"], version: 99 }, ["a"])).toBeNull();
});

test("what is refused is thrown for the pattern that it is about, and no other", () => {
  const refusals = new Map([["a", "no"]]);
  throwRefused(refusals, "b");
  expect(() => throwRefused(refusals, "a")).toThrow("the index template cannot be ensured: no");
});

test("it is what the design says", () => {
  expect(coveringTemplate(null, ["a"])).toMatchObject({
    priority: 150,
    template: {
      aliases: { "penstock-records": {} },
      settings: { "index.mapping.field_name_length.limit": 400 },
      mappings: { date_detection: false, properties: { message: { type: "text", norms: false } } },
    },
  });
});
