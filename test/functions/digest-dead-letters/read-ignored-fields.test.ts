import { expect, test } from "bun:test";
import { readIgnoredFields } from "../../../functions/digest-dead-letters/read-ignored-fields.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { rejection } from "../../support/rejection.ts";

const input = { indices: ["app-*"], topics: ["app"], fromMs: 0, toMs: 86_400_000 };
const span = { from: "1970-01-01T00:00:00.000Z", to: "1970-01-02T00:00:00.000Z" };
const sample = (id: string) => ({ hits: { hits: [{ _index: "app-1", _id: id }] } });

function elasticsearch(answer: string | Error | null) {
  const asked: unknown[] = [];
  return {
    asked,
    deps: {
      search: (indices: readonly string[]) => {
        asked.push(indices);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      fieldTypes: (indices: readonly string[], fields: readonly string[]) => {
        asked.push(indices, fields);
        return Promise.resolve((_index: string, field: string) => (field === "n" ? "long" : null));
      },
    },
  };
}

test("fields that gave way have their types in the indices where they did", async () => {
  const fields = (name: string, id: string) => ({
    buckets: [{ key: name, doc_count: 3, sample: sample(id) }],
  });
  const topics = { buckets: [{ key: "app", ignored: fields("n", "a"), refused: fields("err", "b") }] };
  const { asked, deps } = elasticsearch(JSON.stringify({ _shards: { failed: 0 }, aggregations: { topics } }));
  expect(await readIgnoredFields(input, deps)).toEqual({
    ...span,
    fields: [
      {
        topic: "app",
        field: "n",
        records: 3,
        why: "unfit",
        type: "long",
        sample: { index: "app-1", id: "a" },
      },
      {
        topic: "app",
        field: "err",
        records: 3,
        why: "refused",
        type: null,
        sample: { index: "app-1", id: "b" },
      },
    ],
    problems: [],
  });
  expect(asked).toEqual([["app-*"], ["app-1"], ["n"]]);
});

test("asks nothing if there is nothing to ask", async () => {
  const { asked, deps } = elasticsearch(null);
  for (const nothing of [{ indices: [] }, { topics: [] }]) {
    expect(await readIgnoredFields({ ...input, ...nothing }, deps)).toEqual({
      ...span,
      fields: [],
      problems: [],
    });
  }
  expect(asked).toEqual([]);
});

test.each([
  ["does not answer", new PenstockError("elasticsearch_unavailable", "no node answers"), "no node answers"],
  [
    "is too old",
    new PenstockError("usage", "Elasticsearch refuses this search: Fielddata is disabled on [_ignored]"),
    "only Elasticsearch 8.15 or later can count ignored fields, in indices that it created",
  ],
  ["answers something else", "<html>", "Elasticsearch's answer is invalid"],
  ["answers too much", null, "Elasticsearch's answer is invalid"],
])("an Elasticsearch that %s is reported as a problem", async (_name, answer, problem) => {
  const { deps } = elasticsearch(answer);
  expect(await readIgnoredFields(input, deps)).toEqual({ ...span, fields: [], problems: [problem] });
});

test("an abort ends it", async () => {
  const stop = new Error("stop");
  expect(await rejection(readIgnoredFields(input, elasticsearch(stop).deps))).toBe(stop);
});
