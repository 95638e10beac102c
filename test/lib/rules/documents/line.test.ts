import { expect, test } from "bun:test";
import { lineFields, lineOfFields } from "../../../../lib/rules/documents/line.ts";

test("every field of the list can be the message, in the order of the list", () => {
  for (const [at, field] of lineFields.entries()) {
    const rest = Object.fromEntries(lineFields.slice(at).map((name) => [name, `text of ${name}`]));
    expect(lineOfFields(rest)).toBe(`text of ${field}`);
  }
});

test.each([
  [{ msg: "", log: "b" }, null, "b"],
  [{ msg: 1, event: { kind: "x" }, text: "c" }, null, "c"],
  [{ body: { stringValue: "otlp" } }, null, "otlp"],
  [{ error: { message: "broken" } }, null, "broken"],
  [{ "fields.message": "dotted" }, null, "dotted"],
  [{ msg: "a", summary: { text: "b" } }, "summary.text", "b"],
  [{ msg: "a", summary: 1 }, "summary", "a"],
  [{ status: "ok" }, null, null],
  [{ MSG: "other case" }, null, null],
] as const)("%p, %p declared, reads %p", (object, declared, line) => {
  expect(lineOfFields(object, declared)).toBe(line);
});
