import { expect, test } from "bun:test";
import { templateToWrite } from "../../../lib/rules/index-template.ts";

test("patterns are added, never taken away", () => {
  expect(templateToWrite(null, ["b", "a"])?.index_patterns).toEqual(["a", "b"]);
  expect(templateToWrite({ patterns: ["old-*"], version: 2 }, ["a"])?.index_patterns).toEqual(["a", "old-*"]);
});

test("nothing is written where nothing changes", () => {
  expect(templateToWrite(null, [])).toBeNull();
  expect(templateToWrite({ patterns: ["a", "b"], version: 2 }, ["b"])).toBeNull();
});

test("an older form is replaced, a newer one left alone", () => {
  expect(templateToWrite({ patterns: ["a"], version: 1 }, [])?.index_patterns).toEqual(["a"]);
  expect(templateToWrite({ patterns: ["a"], version: 99 }, ["a"])).toBeNull();
});

test("it is what the design says", () => {
  expect(templateToWrite(null, ["a"])).toMatchObject({
    priority: 150,
    template: {
      aliases: { "penstock-records": {} },
      settings: { "index.mapping.field_name_length.limit": 400 },
      mappings: { date_detection: false, properties: { message: { type: "text", norms: false } } },
    },
  });
});
