import { expect, test } from "bun:test";
import { type FieldCaps, meantPart, unknownField } from "../../../../../lib/rules/search/grammar/mapping.ts";
import { parseQuery } from "../../../../../lib/rules/search/grammar/parse.ts";
import { type FieldTest, fieldTests } from "../../../../../lib/rules/search/grammar/query.ts";

/** Indices with these fields, each of one type; keywords unless said otherwise. */
function caps(...fields: readonly (string | readonly [name: string, type: string])[]): FieldCaps {
  const mappings = fields.map((field) => {
    const [name, type] = typeof field === "string" ? [field, "keyword"] : field;
    return [name, { types: [type], mappedIn: 1 }] as const;
  });
  return { indices: 1, fields: new Map(mappings) };
}

function testIn(text: string): FieldTest {
  const [first] = fieldTests(parseQuery(text));
  if (first === undefined) throw new Error(`${text} tests no field`);
  return first;
}

test.each([
  ["topic:app", ["kafka.topic", "tags"], ["kafka.topic"], ["kafka.topic:app", '"topic:app"']],
  ["LEVEL >= 5", ["log.level"], ["log.level"], ["log.level >= 5", '"LEVEL >= 5"']],
  ["levle: x", ["level", "log.level"], ["level"], ["level: x", '"levle: x"']],
  ["topic:app", ["topics", "kafka.topic"], ["kafka.topic", "topics"], ["kafka.topic:app", "topics:app"]],
  ["name:x", ["dddd.name", "a.name", "bb.name", "ccc.name"], ["a.name", "bb.name", "ccc.name"], ["a.name:x"]],
  ["name:x", ["a b.name"], ["a b.name"], ['"a b.name":x']],
  ["topic:(a or b)", ["kafka.topic"], ["kafka.topic"], ["kafka.topic"]],
])("%s is no field among %p: %p is meant", (text, fields, meant, instead) => {
  const error = unknownField(testIn(text), caps(...fields));
  const { field } = testIn(text);
  expect(error.message).toContain(
    `no index has a field ${field}; did you mean ${meant.join(" or ")}? In quotes`,
  );
  expect(error.instead.slice(0, instead.length)).toEqual(instead);
});

test("nothing is proposed that cannot be searched by its name, or if the fields are unknown", () => {
  const known = caps("kafka.topic.@words", ["own.topic", "object"], ["_topic", "_id"]);
  for (const fields of [known, null]) {
    const { message, instead } = unknownField(testIn("topic:app"), fields);
    expect(message).toEndWith("is no field: no index has a field topic. In quotes it is looked for as text");
    expect(instead).toEqual(['"topic:app"']);
  }
});

test("what found nothing may have meant the field that ends in its name", () => {
  const known = caps("level", "log.level");
  expect(meantPart(testIn("x level:warn"), known)).toEqual({
    part: { at: 2, text: "level:warn" },
    instead: ["log.level:warn"],
  });
  expect(meantPart(testIn("log.level:warn"), known)).toBeNull();
});
