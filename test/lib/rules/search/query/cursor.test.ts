import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { cursorText, parseCursor, type SearchCursor } from "../../../../../lib/rules/search/query/cursor.ts";
import { anyText } from "../../../../support/any-text.ts";

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("survives encoding, and fits a URL", () => {
  for (const cursor of [
    [1_772_625_600_000, 2, 2 ** 53 - 1, ".ds-app.log_1-x", 7],
    [0, -1, -1, "a", 0],
  ] satisfies SearchCursor[]) {
    const text = cursorText(cursor);
    expect(encodeURIComponent(text)).toBe(text);
    expect(parseCursor(text)).toEqual(cursor);
  }
});

test.each([
  ["", "nothing"],
  ["%%%", "not base64url"],
  [encoded({}), "an object"],
  [encoded([1, 0, 0, "a"]), "too few"],
  [encoded([1, 0, 0, "a", 0, 0]), "too many"],
  [encoded(["1", 0, 0, "a", 0]), "text for a time"],
  [encoded([1.5, 0, 0, "a", 0]), "half a millisecond"],
  [encoded([1, 0, 0, { a: 1 }, 0]), "an object for an index"],
  [encoded([1, 0, 0, "a".repeat(256), 0]), "no index name"],
  [encoded([1, 0, 2 ** 60, "a", 0]), "an offset that lost digits"],
  ["A".repeat(513), "too long"],
])("%p is not a cursor: %s", (text) => {
  expect(parseCursor(text)).toBeNull();
});

test("anything else is refused without an error", () => {
  fc.assert(
    fc.property(
      anyText,
      (text) => parseCursor(text) === null || text === cursorText(parseCursor(text) ?? [0, 0, 0, "a", 0]),
    ),
  );
});
