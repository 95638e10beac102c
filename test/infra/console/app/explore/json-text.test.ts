import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { fieldsOf, prettyJson } from "../../../../../infra/console/app/explore/json-text.ts";

test("numbers keep all their digits, strings their own text, empty things are shown", () => {
  const raw =
    '{"n":12345678901234567890,"f":1.10,"s":"a\\nb","o":{"x":{"y":null}},"l":[1,{"z":true}],"e":{},"":"no name"}';
  expect(fieldsOf(raw)).toEqual([
    { path: "n", value: "12345678901234567890" },
    { path: "f", value: "1.10" },
    { path: "s", value: "a\nb" },
    { path: "o.x.y", value: "null" },
    { path: "l.0", value: "1" },
    { path: "l.1.z", value: "true" },
    { path: "e", value: "{}" },
    { path: "", value: "no name" },
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
