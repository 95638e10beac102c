import { expect, test } from "bun:test";
import { mixedFields } from "../../../../lib/rules/template/mixed-fields.ts";

test.each([
  [{ ttl: [300, 12.5] }, { ttl: "doubles" }],
  [{ splat: [1, "a", null] }, { splat: "strings" }],
  [{ a: { b: [true, 1.5] } }, { "a.b": "strings" }],
  [
    { tags: [{ value: 1 }, { value: "a" }, { value: true }], "x.y": [0, 0.5] },
    { "tags.value": "strings", "x.y": "doubles" },
  ],
  // The same field in both notations.
  [{ "a.b": 1, a: { b: "x" } }, { "a.b": "strings" }],
  [{ a: [[1], [2.5]] }, { a: "doubles" }],
  [{ a: [1, 2], b: ["x", null], c: [{ d: 1 }, { e: "x" }], f: [1, { g: "x" }] }, {}],
])("%j", (document, expected) => {
  expect(Object.fromEntries(mixedFields(document))).toEqual(expected);
});

test("names longer than an index allows are ignored, and lists below them take no time", () => {
  const long = "n".repeat(1_000_000);
  const list = Array.from({ length: 30_000 }, (_, at) => ({ b: at % 2 === 0 ? 1 : "x" }));
  const startMs = performance.now();
  expect(Object.fromEntries(mixedFields({ [long]: list, a: list }))).toEqual({ "a.b": "strings" });
  expect(performance.now() - startMs).toBeLessThan(1_000);
});
