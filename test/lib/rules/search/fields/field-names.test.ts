import { expect, test } from "bun:test";
import { createFieldCount, fieldNames } from "../../../../../lib/rules/search/fields/field-names.ts";

test("names have no positions in lists, but digits that are names", () => {
  const document = { a: [1, { b: 2, c: [[3], []] }], "log.level": null, e: {}, o: { 0: 1 } };
  expect([...fieldNames(document)].toSorted()).toEqual(["a", "a.b", "a.c", "e", "log.level", "o.0"]);
});

test("of a large document, the outermost fields are named", () => {
  const list = Array.from({ length: 20_000 }, () => 1);
  expect([...fieldNames({ deep: { list: [list, [{ unseen: 1 }]] }, after: 1 })]).toEqual([
    "after",
    "deep.list",
  ]);
  const wide = Object.fromEntries(list.map((one, n) => [`n${n}`, one]));
  const names = fieldNames({ wide, after: 1 });
  expect([names.has("after"), names.size]).toEqual([true, 2_000]);
});

test("names that nobody would ask for are left out: too long, or a pattern", () => {
  expect([...fieldNames({ ["x".repeat(300)]: { ["y".repeat(300)]: 1 }, a: 1 })]).toEqual(["a"]);
  const count = createFieldCount();
  count.add({ a: 1, "*": 1, "b*": { c: 1 } });
  expect(count.mostFrequent(9)).toEqual(["a"]);
});

test("the fields of most documents come first, those of every record not at all", () => {
  const count = createFieldCount();
  count.add({ message: "m", kafka: { topic: "t", key: "k" }, b: [1, 2, 3], a: 1 });
  count.add({ a: 1, c: 1 });
  expect(count.mostFrequent(3)).toEqual(["a", "b", "c"]);
});
