import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { jsonMembers, withMember } from "../../../../lib/rules/json/json-members.ts";

test("keeps each value as raw text", () => {
  const text = ' { "n" : 12345678901234567890.10 ,"s":"a\\"}b","o":{"x":[1, {"y":"]"}]} , "t":true}';
  expect([...jsonMembers(text).values()]).toEqual([
    { name: "n", rawName: '"n"', rawValue: "12345678901234567890.10" },
    { name: "s", rawName: '"s"', rawValue: '"a\\"}b"' },
    { name: "o", rawName: '"o"', rawValue: '{"x":[1, {"y":"]"}]}' },
    { name: "t", rawName: '"t"', rawValue: "true" },
  ]);
});

test.each(["", "\\", '"', '\\"', '\\\\"', '"\\', "}],"])("a text of %p ends where it ends", (text) => {
  const members = jsonMembers(JSON.stringify({ [`name${text}`]: [text], last: text }));
  expect([...members.keys()]).toEqual([`name${text}`, "last"]);
  expect(members.get("last")?.rawValue).toBe(JSON.stringify(text));
});

test("compares names by their meaning, and the last one wins", () => {
  expect([...jsonMembers('{"a":1,"b":2,"\\u0061":3}').values()]).toEqual([
    { name: "a", rawName: '"\\u0061"', rawValue: "3" },
    { name: "b", rawName: '"b"', rawValue: "2" },
  ]);
});

test("agrees with JSON.parse on any object with any white space", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom(undefined, 1, "\t"),
      (object, space) => {
        const text = JSON.stringify(object, null, space);
        const parsed: unknown = JSON.parse(text);
        const rebuilt = [...jsonMembers(text).values()].map(
          (member) => `${member.rawName}:${member.rawValue}`,
        );
        expect(JSON.parse(`{${rebuilt.join(",")}}`)).toEqual(parsed);
      },
    ),
  );
});

test("withMember adds to an empty object and to a full one", () => {
  expect(withMember("{ }", '"a":1')).toBe('{"a":1}');
  expect(withMember('{"b":2}', '"a":1')).toBe('{"a":1,"b":2}');
});
