import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createColumnReader } from "../../../../../lib/rules/search/fields/column-texts.ts";
import { fieldName, fieldsOf } from "../../../../../lib/rules/search/fields/flat-fields.ts";

test("numbers keep all their digits, and lists are one cell", () => {
  const raw =
    ' { "n" : 12345678901234567890 , "o":{"x.y":[1.10,{"z":"}]"}, [2]],"\\u0061":null},"e":{ },"l":[ ], "s":"a\\nb"}';
  const columns = ["n", "o.x.y", "o.x.y.z", "o.a", "e", "l", "s", "o", "gone"];
  expect(createColumnReader(columns)(raw)).toEqual([
    "12345678901234567890",
    "1.10, 2",
    "}]",
    "null",
    "{ }",
    "[ ]",
    "a\nb",
    "",
    "",
  ]);
});

test("a cell says how many values of a long list it leaves out", () => {
  const [list = "", after] = createColumnReader(["a", "b"])(`{"a":[${"1,".repeat(499_999)}1],"b":2}`);
  expect(list.slice(-40)).toEndWith("1, 1, … and 499000 more");
  expect(list.split(", ")).toHaveLength(1_001);
  expect(after).toBe("2");
});

test("agrees with the fields of the whole document", () => {
  const name = fc.constantFrom("a", "b", 'c"', "d\\", "e.f");
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(1.5, null, "", "x", '"}', [], {}),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(name, tie("value")),
    ),
  }));
  fc.assert(
    fc.property(
      fc.dictionary(name, value, { minKeys: 1 }),
      fc.constantFrom(undefined, 1),
      (document, space) => {
        const raw = JSON.stringify(document, null, space);
        const byName = Map.groupBy(fieldsOf(raw), ({ path }) => fieldName(path));
        const expected = [...byName.values()].map((fields) => fields.map((field) => field.value).join(", "));
        expect(createColumnReader([...byName.keys()])(raw)).toEqual(expected);
      },
    ),
  );
});
