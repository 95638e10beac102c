import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createDocumentEncoder } from "../../../../lib/rules/documents/document.ts";
import { MovedFields } from "../../../../lib/rules/json/moved-fields.ts";
import { readRecordObject } from "../../../../lib/rules/documents/record-object.ts";
import { flattenedFields, isWide, mayBeWide } from "../../../../lib/rules/json/flattened-json.ts";
import { sourceRecord, specification } from "../../../support/records.ts";
import { rounds } from "../../../support/rounds.ts";

function flattened(text: string) {
  const moved = new MovedFields();
  const record = readRecordObject(text, moved);
  if (record === null) throw new Error(`${text} is no object`);
  return flattenedFields(record.members, record.object, moved);
}

function wideObject(fields: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: fields }, (_, n) => [`f${n}`, n]));
}

const nested = (depth: number, inner: string): string => '{"a":'.repeat(depth) + inner + "}".repeat(depth);

describe("isWide", () => {
  test("is true above 500 names, nested ones included", () => {
    expect(isWide(wideObject(500))).toBe(false);
    expect(isWide(wideObject(501))).toBe(true);
    expect(isWide({ a: wideObject(250), b: { c: wideObject(248) } })).toBe(true);
    expect(isWide({ a: wideObject(250), b: wideObject(248) })).toBe(false);
  });

  test("counts a name that repeats in each element of a list once", () => {
    expect(isWide({ list: Array.from({ length: 2_000 }, () => ({ a: 1, b: { c: 2 } })) })).toBe(false);
    expect(isWide({ list: Array.from({ length: 501 }, (_, n) => ({ [`f${n}`]: 1 })) })).toBe(true);
  });

  test("is true only if mayBeWide is, too", () => {
    const sizes = fc.integer({ min: 490, max: 520 });
    fc.assert(
      fc.property(sizes, fc.boolean(), (fields, deep) => {
        const object = deep ? { a: [{ b: wideObject(fields) }] } : wideObject(fields);
        if (isWide(object)) expect(mayBeWide(Buffer.from(JSON.stringify(object)))).toBe(true);
      }),
      { numRuns: 50 },
    );
    // The shortest possible members.
    const shortest = `{${Array.from({ length: 501 }, (_, n) => `"${n.toString(36)}":0`).join(",")}}`;
    expect(mayBeWide(Buffer.from(shortest))).toBe(true);
    expect(mayBeWide(Buffer.from('{"message":"::::"}'))).toBe(false);
    expect(mayBeWide(Buffer.from(JSON.stringify({ message: ":".repeat(500) })))).toBe(false);
  });

  test("survives any depth", () => {
    expect(isWide(JSON.parse(nested(400, "1")) as object)).toBe(false);
    expect(isWide(JSON.parse(nested(5_000, "1")) as object)).toBe(true);
  });
});

describe("flattened", () => {
  test("message and tags stay, everything else is one value, and numbers keep their digits", () => {
    const text =
      '{"message":"m","tags":["t"],"@timestamp":"2026-01-02","kafka":{"offset":7},"log":{"level":"x"},"n":12345678901234567890.10}';
    expect(flattened(text)).toEqual({
      members: '"message":"m",',
      tags: ["t"],
      value:
        '{"@timestamp":"2026-01-02","kafka":{"offset":7},"log":{"level":"x"},"n":12345678901234567890.10}',
      words: '"m\\nt\\n2026-01-02\\nx"',
    });
    expect(flattened('{"message":{"a":1},"tags":5}')).toMatchObject({
      members: "",
      tags: null,
      value: '{"message":{"a":1},"tags":5}',
    });
  });

  test("the words contain every text in order, but no names", () => {
    const long = "w".repeat(5_000);
    const text = JSON.stringify({ message: "m", a: { b: ["x y", 1, { c: null, d: long }] }, e: "z" });
    expect(flattened(text).words).toBe(JSON.stringify(`m\nx y\n${long}\nz`));
    expect(flattened('{"a":1}').words).toBeNull();
  });

  test("keeps earlier values of a name beside the last, and the record's own json", () => {
    expect(flattened('{"a":"one","json":{"b":1},"a":{"c":2,"c":"three"}}')).toMatchObject({
      value: '{"a":{"c":"three"},"json":{"a.c":2,"a":"one","json":{"b":1}}}',
      words: '"three\\none"',
    });
  });

  test("keeps as text what the field type refuses", () => {
    const deep = flattened(nested(25, "1"));
    expect(deep.value).toBe(nested(20, JSON.stringify(nested(5, "1"))));
    const digits = "9".repeat(1_001);
    expect(flattened(`{"a":${digits},"b":${digits.slice(1)}}`).value).toBe(
      `{"a":"${digits}","b":${digits.slice(1)}}`,
    );
    const name = "n".repeat(401);
    expect(flattened(`{"a":{"${name}":1}}`).value).toBe(`{"a":"{\\"${name}\\":1}"}`);
  });

  test("is always a valid JSON object without duplicate names and not too deep", () => {
    const name = fc.constantFrom(
      "a",
      "b",
      "",
      "__proto__",
      "x\0",
      "message",
      "tags",
      "a.b",
      "é",
      "n".repeat(500),
    );
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 6, withCrossShrink: true },
        fc.constantFrom("1", "1e400", '"x"', "null", "true", '"\\ud800"', '""', "[]", "{}", nested(30, "1")),
        fc.array(tie("value"), { maxLength: 3 }).map((items) => `[ ${items.join(" , ")} ]`),
        fc
          .array(fc.tuple(name, tie("value")), { maxLength: 4 })
          .map(
            (members) => `{${members.map(([key, item]) => `${JSON.stringify(key)} : ${item}`).join(",")}}`,
          ),
      ),
    }));
    const object = fc.array(fc.tuple(name, value), { maxLength: 5 });
    fc.assert(
      fc.property(object, (members) => {
        const text = `{${members.map(([key, item]) => `${JSON.stringify(key)}:${item}`).join(",")}}`;
        const parsed: unknown = JSON.parse(flattened(text).value);
        expect(depthOf(parsed)).toBeLessThanOrEqual(20);
        expectNames(parsed);
      }),
      { numRuns: rounds(500, 60) },
    );
  });
});

test("the document of a flattened record has the usual Penstock fields", () => {
  const spec = specification({ format: "json", rejected: "flatten", path: "/a.log", timestamp: "time" });
  const text = JSON.stringify({
    message: "m",
    time: 1_770_000_000_123,
    kafka: { offset: 99 },
    ...wideObject(600),
  });
  const [asDeclared, always] = [createDocumentEncoder(spec), createDocumentEncoder(spec, "flattened")].map(
    (encode) => encode(sourceRecord(text, { offset: 5 })),
  );
  expect(asDeclared).toEqual(always);
  const source: unknown = JSON.parse(always?.kind === "document" ? always.json : "");
  expect(source).toEqual({
    "@timestamp": "2026-02-02T02:40:00.123Z",
    message: "m",
    log: { file: { path: "/a.log" } },
    kafka: {
      topic: "app",
      partition: 0,
      offset: 5,
      words: "m",
      value: { time: 1_770_000_000_123, kafka: { offset: 99 }, ...wideObject(600) },
    },
    tags: ["fields_flattened"],
  });
});

test("invalid UTF-8 needs no new field in a full index", () => {
  const spec = specification({ format: "json", rejected: "flatten" });
  const value = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]);
  const encoding = createDocumentEncoder(spec, "flattened")(sourceRecord(value));
  const source: unknown = JSON.parse(encoding.kind === "document" ? encoding.json : "");
  expect(source).toEqual({
    "@timestamp": expect.any(String),
    kafka: {
      topic: "app",
      partition: 0,
      offset: 0,
      value: { a: "\uFFFD" },
      words: "\uFFFD",
      value_base64: value.toString("base64"),
    },
    tags: ["fields_flattened", "invalid_utf8"],
  });
});

test("a refused record names the refused field, and in text form adds no field that an index could lack", () => {
  const spec = specification({ format: "json", timestamp: "time" });
  const record = sourceRecord('{"time":1770000000123,"user":"bob"}');
  const [flattened, text] = (["flattened", "text"] as const).map((form) => {
    const encoding = createDocumentEncoder(spec, form)(record, "user");
    const source: unknown = JSON.parse(encoding.kind === "document" ? encoding.json : "");
    return source;
  });
  const kafka = { topic: "app", partition: 0, offset: 0 };
  expect(flattened).toMatchObject({ kafka: { ...kafka, refused: "user" }, tags: ["fields_flattened"] });
  expect(text).toEqual({
    "@timestamp": "2026-02-02T02:40:00.123Z",
    message: '{"time":1770000000123,"user":"bob"}',
    kafka,
    tags: ["fields_as_text"],
  });
});

/** Nested objects and lists. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function expectNames(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, child] of Object.entries(value)) {
    if (!Array.isArray(value)) expect(name).toMatch(/^[^\0]{1,400}$/);
    expectNames(child);
  }
}

test("counting a long name over a long list is fast", () => {
  const list = Array.from({ length: 30_000 }, () => ({ a: 1 }));
  const startMs = performance.now();
  expect(isWide({ ["n".repeat(1_000_000)]: list })).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(1_000);
});
