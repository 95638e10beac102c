import { expect, test } from "bun:test";
import { readAnswer } from "../../../../../lib/rules/search/hits/answer.ts";
import { answeredHit, searchAnswer } from "../../../../support/search-answer.ts";

test("a source keeps its text, whatever its format", () => {
  const source = '{ "n":1.000,"big":12345678901234567890,"_source":{"hits":[1]},"s":"}],\\"hits\\":" }';
  const page = readAnswer(
    searchAnswer([
      answeredHit({ offset: 1, source }),
      answeredHit({ offset: 2, source: null, marked: "x", tags: ["t"] }),
    ]),
  );
  expect(page?.hits.map((hit) => hit.source?.raw ?? null)).toEqual([source, null]);
  expect(page?.hits[1]).toMatchObject({
    id: "app:0:2:x",
    index: "app-1",
    cursor: [Date.UTC(2026, 2, 4, 12), 0, 2, "app-1", 2],
    marked: "x",
    tags: ["t"],
  });
  expect(page).toMatchObject({ tookMs: 3, problems: [], total: { value: 2, exact: true }, bars: [] });
});

test("says what is missing", () => {
  const reason = { type: "illegal_argument_exception", reason: "Fielddata is disabled" };
  const failures = [
    { shard: 0, reason },
    { shard: 1, reason },
  ];
  const page = readAnswer(searchAnswer([], { timed_out: true, _shards: { total: 5, failed: 2, failures } }));
  expect(page?.problems).toEqual([
    "Elasticsearch took longer than 10 s. These results are incomplete.",
    "2 of 5 shards failed: illegal_argument_exception: Fielddata is disabled.",
  ]);
});

test("says which indices are affected, once for each reason", () => {
  const reason = { type: "t", reason: "r" };
  const failures = [
    { index: "a", reason },
    { index: "a", reason },
    { index: "b", reason },
    { index: "c", reason: { type: "red" } },
  ];
  const page = readAnswer(searchAnswer([], { _shards: { total: 9, failed: 4, failures } }));
  expect(page?.problems).toEqual(['4 of 9 shards failed: t: r (index "a" and 1 more); red (index "c").']);
});

test("reads bars", () => {
  const aggregations = { bars: { buckets: [{ key: 1_000, key_as_string: "x", doc_count: 7 }] } };
  expect(readAnswer(searchAnswer([], { aggregations }))?.bars).toEqual([[1_000, 7]]);
});

test.each([
  "",
  "<html>",
  "null",
  "[]",
  "{}",
  '{"hits":{}}',
  '{"hits":{"hits":[{}]}}',
  '{"hits":{"hits":[{"_id":"a"',
])("%p is not an answer", (text) => {
  expect(readAnswer(text)).toBeNull();
});
