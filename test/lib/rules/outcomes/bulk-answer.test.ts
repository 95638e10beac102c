import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  parseBulkItems,
  parseServerError,
  parseUniformAnswer,
} from "../../../../lib/rules/outcomes/bulk-answer.ts";
import { rounds } from "../../../support/rounds.ts";

test("reads items of every kind, by position", () => {
  const error = { type: "t", reason: "r", caused_by: { type: "c", reason: "why" } };
  const items = [{ create: { status: 201, result: "created" } }, { create: { status: 400, error } }];
  expect(parseBulkItems({ errors: true, items })).toEqual([
    { status: 201, result: "created", error: null },
    { status: 400, result: null, error: { type: "t", reason: "r: why" } },
  ]);
});

test("only `used`, or a value from the future, makes a success one of the failure store", () => {
  const parse = (item: object) => parseBulkItems({ items: [{ create: item }] })?.[0];
  const created = { status: 201, result: "created" };
  expect(parse(created)).not.toHaveProperty("inFailureStore");
  expect(parse({ ...created, failure_store: "not_applicable_or_unknown" })).not.toHaveProperty(
    "inFailureStore",
  );
  for (const failure_store of ["used", "invented", 7, null])
    expect(parse({ ...created, failure_store })).toMatchObject({ inFailureStore: true });
  const refused = { status: 400, error: { type: "t", reason: "r" } };
  expect(parse({ ...refused, failure_store: "failed" })).toMatchObject({ failureStoreFailed: true });
  for (const failure_store of ["not_enabled", "invented"])
    expect(parse({ ...refused, failure_store })).toEqual({ status: 400, result: null, error: refused.error });
});

test.each([
  [null],
  [""],
  [{}],
  [{ items: {} }],
  [{ items: [{}] }],
  [{ items: [null] }],
  [{ items: [{ create: {} }] }],
])("%j is not an answer to a bulk", (body) => {
  expect(parseBulkItems(body)).toBeNull();
});

test("an answer whose items are all the same is parsed as JSON.parse would", () => {
  const item = fc.constantFrom(
    '{"create":{"result":"created","status":201}}',
    '{"create":{"status":409}}',
    '{"create":{"a":"}}"}}',
    '{"create":{}}}',
    "{}}",
    "",
  );
  const answer = fc
    .tuple(
      fc.array(item, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.constantFrom("]}", "]", ",]}", "] }"),
    )
    .map(
      ([items, same, end]) =>
        `{"errors":false,"items":[${items.map((item) => (same ? items[0] : item)).join()}${end}`,
    );
  fc.assert(
    fc.property(answer, (text) => {
      const uniform = parseUniformAnswer(text);
      if (uniform !== undefined) expect(uniform).toEqual(JSON.parse(text));
    }),
    { numRuns: rounds(500, 100) },
  );
  const usual = `{"errors":false,"items":[${Array.from({ length: 3 }, () => '{"create":{"result":"created","status":201}}').join()}]}`;
  expect(parseUniformAnswer(usual)).toEqual(JSON.parse(usual));
});

test("errors may be objects, text, or absent", () => {
  expect(parseServerError("gone")).toEqual({ type: "unknown", reason: "gone" });
  expect(parseServerError({ reason: 1 })).toEqual({ type: "unknown", reason: "" });
  expect(parseServerError(undefined)).toBeNull();
});

test("a refused template gives all its causes, any other error the first one", () => {
  const causedBy = {
    reason: "invalid mappings",
    caused_by: { reason: "no type [x]", caused_by: { reason: "no type [x]" } },
  };
  const reasonOf = (reason: string) => parseServerError({ type: "t", reason, caused_by: causedBy })?.reason;
  expect(reasonOf("composable template [a] is invalid")).toBe(
    "composable template [a] is invalid: invalid mappings: no type [x]",
  );
  expect(reasonOf("failed to parse")).toBe("failed to parse: invalid mappings");
});
