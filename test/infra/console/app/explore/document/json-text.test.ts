import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { prettyJson } from "../../../../../../infra/console/app/explore/document/json-text.ts";
import { fieldsOf } from "../../../../../../lib/rules/search/fields/flat-fields.ts";

test("numbers keep all their digits, strings their own text, empty things are shown", () => {
  const raw =
    '{"n":12345678901234567890,"f":1.10,"s":"a\\nb","o":{"x":{"y":null}},"l":[1,{"z":true}],"e":{},"":"no name"}';
  expect(fieldsOf(raw).map(({ path, value, isText }) => [path, value, isText])).toEqual([
    ["n", "12345678901234567890", false],
    ["f", "1.10", false],
    ["s", "a\nb", true],
    ["o.x.y", "null", false],
    ["l.0", "1", false],
    ["l.1.z", "true", false],
    ["e", "{}", false],
    ["", "no name", true],
  ]);
  expect(prettyJson('{"n":12345678901234567890,"l":[1, {}],"e":[]}')).toBe(
    '{\n  "n": 12345678901234567890,\n  "l": [\n    1,\n    {}\n  ],\n  "e": []\n}',
  );
  expect(fieldsOf("{}")).toEqual([]);
});

test("pretty JSON is what JSON.stringify makes of it, and means the same", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const raw = JSON.stringify(value);
      expect(prettyJson(raw)).toBe(JSON.stringify(JSON.parse(raw), null, 2));
      expect(prettyJson(JSON.stringify(value, null, 3))).toBe(prettyJson(raw));
    }),
  );
});
