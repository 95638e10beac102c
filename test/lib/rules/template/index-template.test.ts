import { expect, test } from "bun:test";
import {
  coveringTemplate,
  type ExistingTemplate,
  missingPatterns,
  throwRefused,
} from "../../../../lib/rules/template/index-template.ts";
import {
  describeForm,
  fullForm,
  lackOf,
  templateBody,
  type TemplateExtra,
} from "../../../../lib/rules/template/template-body.ts";

const existing = (patterns: readonly string[], version = 3, form = fullForm) =>
  ({
    patterns,
    version,
    form: describeForm(form),
    body: { version, later: true },
  }) satisfies ExistingTemplate;
const without = (...extras: TemplateExtra[]) => ({ ...fullForm, without: new Set(extras) });

test("patterns are added, never removed", () => {
  expect(coveringTemplate(null, ["b", "a"]).index_patterns).toEqual(["a", "b"]);
  expect(coveringTemplate(existing(["old-*"]), ["a"]).index_patterns).toEqual(["a", "old-*"]);
});

test("nothing is written if nothing changes", () => {
  expect(missingPatterns(null, [], fullForm)).toBeNull();
  expect(missingPatterns(existing(["a", "b"]), ["b"], fullForm)).toBeNull();
  expect(missingPatterns(existing(["a"]), ["b", "a", "b"], fullForm)).toEqual(["b"]);
});

test("an older version is replaced, a newer one is left alone", () => {
  expect(missingPatterns(existing(["a"], 2), ["a"], fullForm)).toEqual([]);
  expect(missingPatterns(existing(["a"], 99), ["a"], fullForm)).toBeNull();
  expect(coveringTemplate(existing(["a"], 2), [])).toMatchObject({ version: 3, index_patterns: ["a"] });
});

test("adding a pattern keeps a newer version's form", () => {
  expect(coveringTemplate(existing(["a"], 99), ["b"])).toEqual({
    version: 99,
    later: true,
    index_patterns: ["a", "b"],
  });
});

test("a form that does not match the server's features or the settings is replaced", () => {
  const less = without("words");
  expect(missingPatterns(existing(["a"], 3, less), ["a"], fullForm)).toEqual([]);
  expect(missingPatterns(existing(["a"], 3, less), ["a"], less)).toBeNull();
  expect(missingPatterns(existing(["a"]), ["a"], less)).toEqual([]);
  expect(JSON.stringify(coveringTemplate(null, ["a"], less))).toContain("without words");
  const settings = { ...fullForm.settings, codec: "best_compression" } as const;
  expect(missingPatterns(existing(["a"]), ["a"], { ...fullForm, settings })).toEqual([]);
});

test("the template contains the user's settings, or leaves Elasticsearch's defaults", () => {
  expect(JSON.stringify(templateBody(fullForm))).not.toMatch(/codec|index\.mode|source|refresh_interval/);
  const settings = {
    codec: "best_compression",
    mode: "logsdb",
    wholeValues: "indexed",
    refreshIntervalMs: 5_000,
  } as const;
  const chosen = templateBody({ ...fullForm, settings });
  expect(chosen.settings).toMatchObject({
    "index.codec": "best_compression",
    "index.mode": "logsdb",
    "index.mapping.source.mode": "stored",
    "index.refresh_interval": "5000ms",
  });
  const strings = (body: object) => /"strings":\{.*?\}/.exec(JSON.stringify(body))?.[0];
  expect(strings(templateBody(fullForm))).toContain('"index":false');
  expect(strings(chosen)).not.toContain('"index":false');
});

test("a refusal names the missing feature, or is about something else", () => {
  const composed = "composable template [penstock] template after composition is invalid: ";
  expect(lackOf(`${composed}Unknown tokenizer type [simple_pattern] for [penstock_words]`)).toBe("words");
  const setting = "index.mapping.total_fields.ignore_dynamic_beyond_limit";
  expect(lackOf(`invalid, cause [Validation Failed: 1: unknown setting [${setting}] please check`)).toBe(
    "beyondLimit",
  );
  expect(lackOf(`${composed}Root mapping definition has unsupported parameters:  [subobjects : false]`)).toBe(
    "subobjects",
  );
  expect(lackOf("index template [penstock] has index patterns [a] matching patterns")).toBeNull();
});

test("no part of the template uses a missing feature", () => {
  const body = templateBody(without("words", "beyondLimit", "subobjects"));
  expect(JSON.stringify(body)).not.toMatch(/penstock_words|beyond_limit|subobjects|analysis/);
  expect(body.mappings).toMatchObject({
    properties: { message: { fields: { "@words": { analyzer: "simple" } } } },
  });
});

test("a refusal is thrown for its own pattern only", () => {
  const refusals = new Map([["a", "no"]]);
  throwRefused(refusals, "b");
  expect(() => throwRefused(refusals, "a")).toThrow(
    "the index template could not be set up, and until it is, the topic cannot write as declared: no",
  );
});

test("the template has its priority, alias, settings and mappings", () => {
  expect(coveringTemplate(null, ["a"])).toMatchObject({
    priority: 150,
    template: {
      aliases: { "penstock-records": {} },
      settings: { "index.mapping.field_name_length.limit": 1_000 },
      mappings: { date_detection: false, properties: { message: { type: "text", norms: false } } },
    },
  });
});
