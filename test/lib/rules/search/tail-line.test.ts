import { expect, test } from "bun:test";
import { recordText, tailLine } from "../../../../lib/rules/search/tail-line.ts";
import { sourceRecord } from "../../../support/records.ts";

test.each([
  ["text", '{"message":"m"}', '{"message":"m"}'],
  ["json", '{"message":"m","a":1}', "m"],
  ["json", '{"a":12345678901234567890}', '{"a":12345678901234567890}'],
  ["json", "[1]", "[1]"],
  ["json", "no json", "no json"],
  ["text", null, ""],
] as const)("as %s, %p reads %p", (format, value, text) => {
  expect(recordText(sourceRecord(value), format)).toBe(text);
});

test("what is too deep to be read as JSON is text", () => {
  const deep = `{"a":${"[".repeat(100_000)}`;
  expect(recordText(sourceRecord(deep), "json")).toBe(deep);
});

test("is cut, and says how long it was", () => {
  const record = sourceRecord(Buffer.from([0xff, 0x00, 0x61]), { partition: 1, offset: 7, timestamp: -1 });
  const text = recordText(record, "text");
  expect(text).toBe("\uFFFD\0a");
  expect(tailLine("app", record, "indexed", "é".repeat(2_000))).toEqual({
    topic: "app",
    partition: 1,
    offset: 7,
    timestamp: null,
    outcome: "indexed",
    text: "é".repeat(1_024),
    cut: true,
    bytes: 4_000,
  });
});
