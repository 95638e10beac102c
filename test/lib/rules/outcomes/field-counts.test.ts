import { expect, test } from "bun:test";
import { FieldCounts } from "../../../../lib/rules/outcomes/field-counts.ts";

test("counts the first twenty fields by name, and unknown ones as none", () => {
  const fields = new FieldCounts();
  expect(fields.add(["err", "err", null, "user.id"])).toEqual(
    new Map([
      ["err", 2],
      ["none", 1],
      ["user.id", 1],
    ]),
  );
  const many = fields.add(Array.from({ length: 50 }, (_, at) => `f${at}`));
  expect(many.size).toBe(18);
  expect(many.get("other")).toBe(33);
  expect(fields.add(["err", "f49"])).toEqual(
    new Map([
      ["err", 1],
      ["other", 1],
    ]),
  );
  expect(fields.counts()).toMatchObject({ err: 3, none: 1, other: 34 });
});

test("shortens names and makes control characters visible", () => {
  const [name] = new FieldCounts().add([`\u001b[2J${"x".repeat(500)}`]).keys();
  expect(name).toStartWith("\\u001b[2Jx");
  expect(name?.length).toBeLessThan(110);
  expect(Object.keys(addedTo("__proto__"))).toEqual(["__proto__"]);
});

function addedTo(field: string): Readonly<Record<string, number>> {
  const fields = new FieldCounts();
  fields.add([field]);
  return fields.counts();
}
