import { expect, test } from "bun:test";
import {
  fieldCountOf,
  fieldLimitOf,
  isLeftBehind,
  pipelinesOf,
  scratchBody,
  scratchName,
} from "../../../../lib/rules/trial/scratch-index.ts";

const now = Date.UTC(2026, 10, 30, 12);

test("the name tells when it was created: only a trial's index that is older than ten minutes was left behind", () => {
  const name = scratchName(now, "0a1b2c3d");
  expect(name).toBe(`penstock-try-${now}-0a1b2c3d`);
  expect(isLeftBehind(name, now + 600_000)).toBe(false);
  expect(isLeftBehind(name, now + 600_001)).toBe(true);
  for (const foreign of [
    `${name}-2`,
    `x-${name}`,
    "penstock-try-it",
    `penstock-try-${now}`,
    "penstock-try-1-0a1b2c3d",
  ])
    expect({ foreign, is: isLeftBehind(foreign, Infinity) }).toEqual({ foreign, is: false });
});

test("the scratch index keeps what decides about documents, and leaves out the target's storage, aliases and pipelines", () => {
  const settings = {
    index: {
      mapping: { total_fields: { limit: "77" }, ignore_malformed: "true" },
      analysis: { analyzer: { words: { type: "custom", filter: ["lowercase", "stop"] } } },
      mode: "standard",
      default_pipeline: "p",
      final_pipeline: "_none",
      uuid: "x",
      number_of_replicas: "2",
      blocks: { write: "true" },
      lifecycle: { name: "ilm" },
      version: { created: "9" },
    },
  };
  const mappings = { properties: { n: { type: "long" } } };
  expect(scratchBody({ mappings, settings })).toEqual({
    settings: {
      "index.mapping.total_fields.limit": "77",
      "index.mapping.ignore_malformed": "true",
      "index.analysis.analyzer.words.type": "custom",
      "index.analysis.analyzer.words.filter": ["lowercase", "stop"],
      "index.mode": "standard",
      "index.hidden": true,
      "index.number_of_shards": 1,
      "index.number_of_replicas": 0,
      "index.refresh_interval": -1,
      "index.default_pipeline": "_none",
      "index.final_pipeline": "_none",
    },
    mappings,
  });
  expect(pipelinesOf(settings)).toEqual(["p"]);
  expect([fieldLimitOf(settings), fieldLimitOf({})]).toEqual([77, 1000]);
});

test("counts fields as Elasticsearch does against the limit: objects, multi-fields and runtime fields too", () => {
  const properties = {
    a: { type: "text", fields: { keyword: { type: "keyword" } } },
    o: { properties: { b: { type: "long" }, c: { properties: { d: { type: "date" } } } } },
  };
  expect(fieldCountOf({ properties, runtime: { r: { type: "long" } } })).toBe(7);
  expect(fieldCountOf({})).toBe(0);
});
