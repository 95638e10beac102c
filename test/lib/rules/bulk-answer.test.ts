import { expect, test } from "bun:test";
import { parseBulkItems, parseServerError } from "../../../lib/rules/bulk-answer.ts";

test("items of every kind, by position", () => {
  const error = { type: "t", reason: "r", caused_by: { type: "c", reason: "why" } };
  const items = [{ create: { status: 201, result: "created" } }, { create: { status: 400, error } }];
  expect(parseBulkItems({ errors: true, items })).toEqual([
    { status: 201, result: "created", error: null },
    { status: 400, result: null, error: { type: "t", reason: "r: why" } },
  ]);
});

test.each([
  [null],
  [""],
  [{}],
  [{ items: {} }],
  [{ items: [{}] }],
  [{ items: [null] }],
  [{ items: [{ create: {} }] }],
])("not an answer to a bulk: %j", (body) => {
  expect(parseBulkItems(body)).toBeNull();
});

test("errors come as objects, as text, or not at all", () => {
  expect(parseServerError("gone")).toEqual({ type: "unknown", reason: "gone" });
  expect(parseServerError({ reason: 1 })).toEqual({ type: "unknown", reason: "" });
  expect(parseServerError(undefined)).toBeNull();
});
