import { expect, test } from "bun:test";
import {
  mappingAt,
  placeFor,
  placeOf,
  updateOf,
  withMappingAt,
} from "../../../../lib/rules/mending/field-place.ts";

const long = { type: "long" };
const mappings = {
  dynamic: "strict",
  properties: {
    user: { properties: { id: long, name: { type: "text", fields: { raw: { type: "keyword" } } } } },
    "a.b": { type: "date" },
    list: { type: "nested", properties: { n: long } },
  },
};

test.each([
  ["user.id", ["properties", "user", "properties", "id"]],
  ["a.b", ["properties", "a.b"]],
  ["user.name.raw", ["properties", "user", "properties", "name", "fields", "raw"]],
  ["user", ["properties", "user"]],
  ["user.ids", null],
  ["a", null],
  ["constructor", null],
])("finds %s", (field, place) => {
  expect(placeOf(mappings, field)).toEqual(place);
});

test("a changed field leaves all else as it is", () => {
  const place = placeOf(mappings, "user.id") ?? [];
  const keyword = { type: "keyword" };
  const changed = withMappingAt(mappings, place, keyword);
  expect(mappingAt(changed, place)).toEqual(keyword);
  expect(withMappingAt(changed, place, long)).toEqual(mappings);
});

test("a request has only what it needs: objects around the field, and the field that a multi-field is part of", () => {
  const update = (field: string) => updateOf(mappings, placeOf(mappings, field) ?? [], { type: "x" });
  expect(update("user.id")).toEqual({ properties: { user: { properties: { id: { type: "x" } } } } });
  expect(update("user.name.raw")).toEqual({
    properties: { user: { properties: { name: { type: "text", fields: { raw: { type: "x" } } } } } },
  });
  expect(update("list.n")).toEqual({
    properties: { list: { type: "nested", properties: { n: { type: "x" } } } },
  });
});

test("a new field goes as deep as there are objects for it", () => {
  expect(placeFor(mappings, "user.mail")).toEqual(["properties", "user", "properties", "mail"]);
  expect(placeFor(mappings, "host.name")).toEqual(["properties", "host.name"]);
});
