import { expect, test } from "bun:test";
import { fieldsThatGaveWay } from "../../../../../lib/rules/search/hits/ignored-fields.ts";

const long = "x".repeat(1_025);

test.each([
  ["a number's field that got text", { n: "abc" }, ["n"]],
  ["an object's member", { user: { id: "bob" } }, ["user.id"]],
  ["a dotted name", { "user.id": "bob" }, ["user.id"]],
  ["a name that is both", { "a.b": { c: true } }, ["a.b.c"]],
  ["one in a list of objects", { steps: [{ took: 1 }, { took: "-" }] }, ["steps.took"]],
  ["an object where a value was", { err: { code: 4 } }, ["err"]],
])("%s gave way", (_name, source, fields) => {
  expect(fieldsThatGaveWay(fields, source)).toEqual(fields);
});

test.each([
  ["a long text", { stack: long }, "stack"],
  ["one in a list", { all: ["a", { text: long }] }, "all.text"],
  ["one in a flattened field", { kafka: { value: { a: { b: long } } } }, "kafka.value"],
  ["Penstock's own", { kafka: { words: "a b" } }, "kafka.words"],
  ["the exact form of a long message", { message: long }, "message.keyword"],
])("%s did not give way", (_name, source, field) => {
  expect(fieldsThatGaveWay([field], source)).toEqual([]);
});

test("without the document's source all ignored fields count", () => {
  expect(fieldsThatGaveWay(["stack"], null)).toEqual(["stack"]);
});
