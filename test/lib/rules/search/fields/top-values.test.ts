import { expect, test } from "bun:test";
import { readTopValues } from "../../../../../lib/rules/search/fields/top-values.ts";
import type { MappedField } from "../../../../../lib/rules/search/grammar/mapping.ts";

const field = (name: string, type: string, kind: MappedField["kinds"][number]): MappedField => ({
  name,
  kinds: [kind],
  types: [type],
  isKey: false,
  words: null,
});

test("values are those of the index, digit by digit, so that a filter finds them", () => {
  const answer = `{"took":1,"timed_out":false,"_shards":{"total":1,"failed":0},"aggregations":{"some":{"doc_count":9,
    "has0":{"doc_count":9},"top0":{"buckets":[
      { "key" : 9007199254740993, "doc_count": 5 }, {"key":-9223372036854775807,"doc_count":3}, {"key":7,"doc_count":1}]},
    "has1":{"doc_count":9},"top1":{"buckets":[{"key":1,"key_as_string":"true","doc_count":9}]},
    "has2":{"doc_count":8},"top2":{"buckets":[{"key":"9007199254740993","doc_count":8}]}}}}`;
  const fields = [
    field("id", "long", "number"),
    field("ok", "boolean", "boolean"),
    field("k", "keyword", "keyword"),
  ];
  expect(readTopValues(answer, fields)?.fields.map(({ values }) => values)).toEqual([
    [
      { value: "9007199254740993", documents: 5 },
      { value: "-9223372036854775807", documents: 3 },
      { value: "7", documents: 1 },
    ],
    [{ value: "true", documents: 9 }],
    [{ value: "9007199254740993", documents: 8 }],
  ]);
});
