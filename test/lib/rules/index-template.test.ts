import { expect, test } from "bun:test";
import {
  coveringTemplate,
  type ExistingTemplate,
  missingPatterns,
  throwRefused,
} from "../../../lib/rules/index-template.ts";
import { lackOf, templateBody } from "../../../lib/rules/template-body.ts";

const existing = (patterns: readonly string[], version = 3, without: readonly string[] = []) =>
  ({ patterns, version, without, body: { version, later: true } }) satisfies ExistingTemplate;
const nothing = new Set<never>();

test("patterns are added, never taken away", () => {
  expect(coveringTemplate(null, ["b", "a"]).index_patterns).toEqual(["a", "b"]);
  expect(coveringTemplate(existing(["old-*"]), ["a"]).index_patterns).toEqual(["a", "old-*"]);
});

test("nothing is written where nothing changes", () => {
  expect(missingPatterns(null, [], nothing)).toBeNull();
  expect(missingPatterns(existing(["a", "b"]), ["b"], nothing)).toBeNull();
  expect(missingPatterns(existing(["a"]), ["b", "a", "b"], nothing)).toEqual(["b"]);
});

test("an older form is replaced, a newer one left alone", () => {
  expect(missingPatterns(existing(["a"], 2), ["a"], nothing)).toEqual([]);
  expect(missingPatterns(existing(["a"], 99), ["a"], nothing)).toBeNull();
  expect(coveringTemplate(existing(["a"], 2), [])).toMatchObject({ version: 3, index_patterns: ["a"] });
});

test("a newer form stays where a pattern is added", () => {
  expect(coveringTemplate(existing(["a"], 99), ["b"])).toEqual({
    version: 99,
    later: true,
    index_patterns: ["a", "b"],
  });
});

test("a form that lacks what the server has, or has what it lacks, is replaced", () => {
  expect(missingPatterns(existing(["a"], 3, ["words"]), ["a"], nothing)).toEqual([]);
  expect(missingPatterns(existing(["a"], 3, ["words"]), ["a"], new Set(["words"]))).toBeNull();
  expect(missingPatterns(existing(["a"], 3), ["a"], new Set(["words"]))).toEqual([]);
  expect(coveringTemplate(null, ["a"], new Set(["words"]))).toMatchObject({ _meta: { without: ["words"] } });
});

test("a refusal says what the server lacks, or is about something else", () => {
  const composed = "composable template [penstock] template after composition is invalid: ";
  expect(lackOf(`${composed}Unknown tokenizer type [simple_pattern] for [penstock_words]`)).toBe("words");
  const setting = "index.mapping.total_fields.ignore_dynamic_beyond_limit";
  expect(lackOf(`invalid, cause [Validation Failed: 1: unknown setting [${setting}] please check`)).toBe(
    "beyondLimit",
  );
  expect(lackOf(`${composed}Root mapping definition has unsupported parameters:  [subobjects : false]`)).toBe(
    "subobjects",
  );
  expect(lackOf("unknown setting [index.seq_no.index_options] please check")).toBe("leanSequence");
  expect(lackOf("index template [penstock] has index patterns [a] matching patterns")).toBeNull();
});

test("what the server lacks is in no part of the template", () => {
  const without = templateBody(new Set(["words", "beyondLimit", "subobjects", "leanSequence"]));
  expect(JSON.stringify(without)).not.toMatch(/penstock_words|beyond_limit|subobjects|seq_no|analysis/);
  expect(without.mappings).toMatchObject({
    properties: { message: { fields: { "@words": { analyzer: "simple" } } } },
  });
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
      settings: { "index.mapping.field_name_length.limit": 1_000 },
      mappings: { date_detection: false, properties: { message: { type: "text", norms: false } } },
    },
  });
});
