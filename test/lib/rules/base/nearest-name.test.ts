import { expect, test } from "bun:test";
import { nameHint, nearestName } from "../../../../lib/rules/base/nearest-name.ts";

test.each([
  ["topcis", "topics"],
  ["--REPIAR", "--repair"],
  ["lsit", "list"],
  ["ilts", null],
  ["frobnicate", null],
  ["x".repeat(41), null],
])("the closest name to %s is %p", (given, name) => {
  expect(nearestName(given, ["topics", "--repair", "list"])).toBe(name);
});

test("the hint names the closest name, or all", () => {
  expect(nameHint("lst", ["list", "add"])).toBe('did you mean "list"?');
  expect(nameHint("other", ["list", "add"])).toBe("known: list, add");
});
