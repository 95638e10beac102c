import { describe, expect, test } from "bun:test";
import { leavesOf } from "../../../../../lib/rules/audit/against/leaves.ts";

const entries = (object: Record<string, unknown>) => Object.fromEntries(leavesOf(object));

describe("the values of a JSON object, as Elasticsearch indexes them", () => {
  test("nested and dotted names are the same", () => {
    expect(entries({ a: { b: { c: 1 } }, "d.e": true })).toEqual({ "a.b.c": "1", "d.e": "true" });
    expect(entries({ a: { "b.c": "1" } })).toEqual({ "a.b.c": "1" });
  });

  test("what is empty is absent, and a list of one is its value", () => {
    expect(entries({ none: null, list: [], object: {}, one: ["x"], nested: [[1]] })).toEqual({
      one: "x",
      nested: "1",
    });
  });

  test("lists are sets; the members of objects in them are collected by path", () => {
    expect(entries({ tags: ["b", "a", "b"] })).toEqual(entries({ tags: ["a", "b"] }));
    expect(entries({ list: [{ a: 1 }, { a: 2, b: 3 }] })).toEqual(entries({ list: { a: [2, 1], b: 3 } }));
    expect(entries({ tags: ["a", "b"] })).not.toEqual(entries({ tags: ["a", "c"] }));
  });

  test("nesting without end is no fault", () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`);
    expect(leavesOf({ deep }).size).toBe(1);
  });
});
