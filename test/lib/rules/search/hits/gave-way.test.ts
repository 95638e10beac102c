import { describe, expect, test } from "bun:test";
import {
  gaveWayBody,
  gaveWayOf,
  type IgnoredField,
  readIgnored,
} from "../../../../../lib/rules/search/hits/gave-way.ts";

const bucket = (field: string, records: number) => ({
  key: field,
  doc_count: records,
  sample: { hits: { hits: [{ _index: "app-1", _id: `app:0:${records}:x` }] } },
});
const answer = (shards: object, rest: object = {}): string => JSON.stringify({ _shards: shards, ...rest });
const ignored = (field: string, records: number, topic = "app"): IgnoredField => ({
  topic,
  field,
  records,
  isRefused: false,
  sample: { index: "app-1", id: `app:0:${records}:x` },
});

test("asks for documents of the topics and span with ignored or refused fields", () => {
  const text = JSON.stringify(gaveWayBody(["app"], 1, 2));
  for (const part of [
    '{"exists":{"field":"_ignored"}},{"exists":{"field":"kafka.refused"}}',
    '{"gte":1,"lte":2,"format":"epoch_millis"}',
    '{"terms":{"kafka.topic":["app"]}}',
  ]) {
    expect(text).toContain(part);
  }
  expect(JSON.stringify(gaveWayBody(null, 1, 2))).not.toContain('"terms":{"kafka.topic"');
});

describe("an answer", () => {
  test("counts fields by topic, each with one document", () => {
    const topics = {
      buckets: [
        { key: "app", ignored: { buckets: [bucket("n", 7)] }, refused: { buckets: [bucket("err", 2)] } },
      ],
    };
    expect(readIgnored(answer({ failed: 0 }, { aggregations: { topics } }))).toEqual({
      fields: [ignored("n", 7), { ...ignored("err", 2), isRefused: true }],
      problems: [],
    });
  });

  test("says what is missing, and only once that this version is too old to count", () => {
    const reason = {
      type: "illegal_argument_exception",
      reason: "Fielddata is not supported on field [_ignored] of type [_ignored]",
    };
    const shards = { failed: 2, failures: [{ reason }, { reason }] };
    expect(readIgnored(answer(shards, { timed_out: true }))?.problems).toEqual([
      "Elasticsearch took longer than 5 s",
      "only Elasticsearch 8.15 or later can count ignored fields, in indices that it created",
    ]);
  });

  test.each(["", "null", "{}", "<html>"])("is not %p", (text) => {
    expect(readIgnored(text)).toBeNull();
  });
});

describe("gave way", () => {
  const types = new Map([
    ["n", "long"],
    ["stack", "keyword"],
    ["message.keyword", "keyword"],
    ["kafka.value", "flattened"],
    ["a", "object"],
  ]);
  const typeOf = (_index: string, field: string) => types.get(field) ?? null;

  test("lists fields that do not fit and those over the limit, but not those that are only long", () => {
    const fields = ["stack", "n", "message.keyword", "kafka.value", "a", "x"];
    expect(
      gaveWayOf(
        fields.map((field, at) => ignored(field, at)),
        typeOf,
      ).map(({ field, why, type }) => [field, why, type]),
    ).toEqual([
      ["x", "limit", null],
      ["a", "limit", null],
      ["n", "unfit", "long"],
    ]);
  });

  test("lists the fields for which records were flattened, whatever their mapping", () => {
    expect(gaveWayOf([{ ...ignored("stack", 1), isRefused: true }], typeOf)).toMatchObject([
      { field: "stack", why: "refused" },
    ]);
  });

  test("lists at most twenty fields per topic, the most frequent ones", () => {
    const many = Array.from({ length: 30 }, (_, n) => ignored(`f${n}`, n));
    const told = gaveWayOf([...many, ignored("g", 1, "other")], typeOf);
    expect(told.map(({ records }) => records)).toEqual([...Array.from({ length: 20 }, (_, n) => 29 - n), 1]);
  });
});
