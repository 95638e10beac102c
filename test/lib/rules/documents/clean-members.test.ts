import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { cleanMembers } from "../../../../lib/rules/documents/clean-members.ts";
import { cleanName } from "../../../../lib/rules/documents/clean-name.ts";
import { MovedFields } from "../../../../lib/rules/json/moved-fields.ts";
import { objectText } from "../../../../lib/rules/json/json-members.ts";
import { rounds } from "../../../support/rounds.ts";
import { anyCharacter } from "../../../support/any-text.ts";

function cleaned(text: string) {
  const moved = new MovedFields();
  const { members, doubled, replaced } = cleanMembers(text, moved);
  return { text: objectText(members.values()), moved: moved.json, doubled, replaced };
}

test.each([
  '{"a":1.10,"b":{"c":[1,{"d":"}"}]},"e":"\\"{"}',
  '{"a.b":1,"a":{"b":2},".":3," x":4,"é":{"\\u00e9":5}}',
  "{}",
])("clean members stay as written: %s", (text) => {
  expect(cleaned(text)).toEqual({ text, moved: "{}", doubled: false, replaced: false });
});

test.each([
  ['{"a":1,"a":2}', '{"a":2}', '{"a":1}'],
  ['{"a":1,"b":0,"a":2,"\\u0061":3}', '{"\\u0061":3,"b":0}', '{"a":[1,2]}'],
  ['{"message":{"code":4},"message":"second"}', '{"message":"second"}', '{"message":{"code":4}}'],
  ['{"a":{"x":1},"a":{"y":2}}', '{"a":{"y":2}}', '{"a":{"x":1}}'],
  [
    '{"a":[{"b":{"c":1,"c":2}},3,{"b":{"c":4,"c":5}}]}',
    '{"a":[{"b":{"c":2}},3,{"b":{"c":5}}]}',
    '{"a.b.c":[1,4]}',
  ],
  ['{"a":{"b":1,"b":2},"a":3}', '{"a":3}', '{"a.b":1,"a":{"b":2}}'],
  ['{"a":1,"a":2,"__proto__":3,"__proto__":4}', '{"a":2,"__proto__":4}', '{"a":1,"__proto__":3}'],
])("the last of duplicate names stays: %s", (text, wanted, moved) => {
  expect(cleaned(text)).toEqual({ text: wanted, moved, doubled: true, replaced: false });
});

test.each([
  ['{"":1}', '{"_":1}'],
  ['{" \\t\\u3000":1,"b":{"":[{"":2}]}}', '{"_":1,"b":{"_":[{"_":2}]}}'],
  ['{"a\\u0000b":1,"\\n":{"x\\u009f":2},"\\u001c":3}', '{"a\uFFFDb":1,"_":{"x\uFFFD":2},"\uFFFD":3}'],
])("a name that Elasticsearch refuses is replaced: %s", (text, wanted) => {
  expect(cleaned(text)).toEqual({ text: wanted, moved: "{}", doubled: false, replaced: true });
});

test("a replacement can equal an existing name", () => {
  expect(cleaned('{"_":1,"":2," ":3}')).toEqual({
    text: '{"_":3}',
    moved: '{"_":[1,2]}',
    doubled: true,
    replaced: true,
  });
});

test("no text, however deep or wide, is read more than a few times", () => {
  const deep = `${'{"a":'.repeat(5_000)}{"b":1,"b":2}${"}".repeat(5_000)}`;
  expect(cleaned(deep)).toMatchObject({ text: deep, doubled: false });
  const blob = JSON.stringify("x".repeat(1_000_000));
  const wide = `${'{"a":'.repeat(90)}{"b":1,"b":${blob}}${"}".repeat(90)}`;
  expect(cleaned(wide).text).toBe(wide.replace('"b":1,', ""));
  const list = `{"a":[${"1,".repeat(rounds(500_000, 50_000))}{"":2}]}`;
  expect(cleaned(list).text).toBe(list.replace('"":2', '"_":2'));
});

test("any object parses the same, with clean and unique names, and keeps every value", () => {
  const names = fc.constantFrom("a", "b", "", " ", "x\0", "__proto__", "a.b", "_");
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.nat().map(String),
      fc.string().map((text) => JSON.stringify(text)),
      fc.array(tie("value"), { maxLength: 3 }).map((items) => `[ ${items.join(" , ")} ]`),
      fc
        .array(fc.tuple(names, tie("value")), { maxLength: 4 })
        .map(
          (members) => `{${members.map(([key, item]) => ` ${JSON.stringify(key)} : ${item}`).join(",")} }`,
        ),
    ),
  }));
  fc.assert(
    fc.property(fc.array(fc.tuple(names, value), { maxLength: 5 }), (members) => {
      const text = `{${members.map(([key, item]) => `${JSON.stringify(key)}:${item}`).join(",")}}`;
      const { text: written, moved, doubled, replaced } = cleaned(text);
      // Equal for JSON.parse, except for replaced names.
      if (!replaced) expect(JSON.parse(written)).toEqual(JSON.parse(text));
      if (!doubled && !replaced) expect(written.replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
      expect(leavesOf(written).length + leavesOf(moved).length).toBe(leavesOf(text).length);
      expect(cleaned(written)).toMatchObject({ text: written, doubled: false, replaced: false });
    }),
    { numRuns: rounds(500, 100) },
  );
});

test("cleaning a clean name changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (name) =>
      expect(cleanName(cleanName(name))).toBe(cleanName(name)),
    ),
  );
});

/** Numbers and texts that are values, not names. */
function leavesOf(text: string): string[] {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"(?:\s*:)?|\d+/g) ?? [];
  return tokens.filter((token) => !token.endsWith(":"));
}

test("lists and objects as deep as a record can contain need no more stack than others", () => {
  const depth = rounds(100_000, 20_000);
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
    ['[{"a":', "}]"],
  ] as const) {
    const text = `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`;
    expect(cleaned(text).text).toBe(text);
  }
});

test("a long path to moved values is cut, because each of them has it in its name", () => {
  const deep = (inner: string) => `{"${"n".repeat(150)}":{"${"m".repeat(100)}":{"o":${inner}}}}`;
  const path = `${"n".repeat(150)}.${"m".repeat(49)}`;
  expect(cleaned(deep('{"a":1,"a":2}'))).toEqual({
    text: deep('{"a":2}'),
    moved: JSON.stringify({ [`${path}.a`]: 1 }),
    doubled: true,
    replaced: false,
  });

  const doubled = Array.from({ length: 20_000 }, (_, at) => `"${at}":0,"${at}":1`).join(",");
  const startMs = performance.now();
  expect(cleaned(`{"${"n".repeat(500_000)}":{${doubled}}}`).moved.length).toBeLessThan(20_000 * 250);
  expect(performance.now() - startMs).toBeLessThan(2_000);
});
