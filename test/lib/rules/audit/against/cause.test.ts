import { describe, expect, test } from "bun:test";
import { causeOf, indexShapeOf } from "../../../../../lib/rules/audit/against/cause.ts";

const json = { mainly: "json", prefix: "", textField: "message" } as const;
const text = { mainly: "text", prefix: "", textField: "message" } as const;

function cause(
  record: unknown,
  mapping: object,
  settings: Record<string, unknown> = {},
  as: typeof json | typeof text = json,
) {
  const value = Buffer.from(typeof record === "string" ? record : JSON.stringify(record));
  return causeOf(value, as, indexShapeOf("logs-1", { ...mapping }, settings));
}
const mapped = (properties: object, rest: object = {}) => ({ properties, ...rest });

describe("why an index lacks a record", () => {
  test.each([
    [
      "text in a number",
      { n: "a word" },
      { n: { type: "long" } },
      'field "n" is mapped as long in logs-1, but the record has text',
    ],
    ["an object in a keyword", { a: { b: 1 } }, { a: { type: "keyword" } }, "but the record has an object"],
    [
      "a number where an object is",
      { a: 1 },
      { a: { properties: { b: { type: "long" } } } },
      'field "a" is mapped as object',
    ],
    [
      "a nested field",
      { a: { b: "x" } },
      { a: { properties: { b: { type: "long" } } } },
      'field "a.b" is mapped as long',
    ],
    ["one value of a list", { n: [1, "x"] }, { n: { type: "long" } }, "but the record has text"],
    ["no date", { time: "yesterday" }, { time: { type: "date" } }, "that is no date"],
    ["no boolean", { ok: 1 }, { ok: { type: "boolean" } }, "but the record has a number"],
    ["no address", { ip: "host-1" }, { ip: { type: "ip" } }, "that is no address"],
    [
      "a long keyword",
      { k: "x".repeat(40_000) },
      { k: { type: "keyword" } },
      "has 40000 bytes: a term takes 32766",
    ],
  ])("%s", (_, record, properties, expected) => {
    expect(cause(record, mapped(properties))).toContain(expected);
  });

  test.each([
    [
      "values that fit",
      { n: "17", d: "2026-11-30T10:00:00Z", e: 1764324000000, b: "true", i: "::1", l: [1, 2] },
      {
        n: { type: "long" },
        d: { type: "date" },
        e: { type: "date" },
        b: { type: "boolean" },
        i: { type: "ip" },
        l: { type: "long" },
      },
    ],
    ["null", { n: null }, { n: { type: "long" } }],
    ["a long keyword that is cut", { k: "x".repeat(40_000) }, { k: { type: "keyword", ignore_above: 256 } }],
    ["a date of a format of its own", { d: "yesterday" }, { d: { type: "date", format: "EEEE" } }],
    ["new fields", { new: 1 }, {}],
  ])("nothing explains %s", (_, record, properties) => {
    expect(cause(record, mapped(properties))).toBeNull();
  });

  test("values that do not fit are ignored if the index says so", () => {
    expect(
      cause({ n: "x" }, mapped({ n: { type: "long" } }), { "index.mapping.ignore_malformed": "true" }),
    ).toBeNull();
  });

  test("new fields beyond the limit, or in a strict mapping", () => {
    const limit = { "index.mapping.total_fields.limit": "3" };
    const full = mapped({
      a: { type: "text", fields: { keyword: { type: "keyword" } } },
      b: { type: "long" },
    });
    expect(cause({ a: "x", c: 1 }, full, limit)).toContain(
      "has 3 of at most 3 (index.mapping.total_fields.limit)",
    );
    expect(cause({ a: "x" }, full, limit)).toBeNull();
    expect(cause({ c: 1 }, mapped({}, { dynamic: "strict" }))).toContain(
      'field "c" is not in the mapping of logs-1, which is strict',
    );
    expect(cause({ c: 1 }, { ...full, dynamic: false }, limit)).toBeNull();
  });

  test("objects nested too deep", () => {
    expect(cause({ a: { b: { c: 1 } } }, {}, { "index.mapping.depth.limit": "2" })).toContain(
      "deeper than 2 levels",
    );
  });

  test("a record that is no JSON object, among those that are", () => {
    for (const record of ["a line", "[1]", '{"n":', "17"])
      expect(cause(record, {})).toContain("no JSON object");
  });

  test("of text, only its length", () => {
    const keyword = mapped({ message: { type: "text", fields: { keyword: { type: "keyword" } } } });
    expect(cause("x".repeat(40_000), keyword, {}, text)).toContain(
      "mapped as text with a keyword without ignore_above",
    );
    expect(cause("short", keyword, {}, text)).toBeNull();
  });
});
