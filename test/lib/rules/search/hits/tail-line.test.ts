import { expect, test } from "bun:test";
import { recordText, tailLine } from "../../../../../lib/rules/search/hits/tail-line.ts";
import type { Format } from "../../../../../lib/rules/model/declaration.ts";
import { createDocumentEncoder } from "../../../../../lib/rules/documents/document.ts";
import { createMatcher } from "../../../../../lib/rules/search/grammar/match.ts";
import { parseQuery } from "../../../../../lib/rules/search/grammar/parse.ts";
import { sourceRecord, specification } from "../../../../support/records.ts";

const read = (value: string | Buffer | null, format: Format, timestamp = 0) =>
  recordText(sourceRecord(value, { timestamp }), createDocumentEncoder(specification({ format })));

test.each([
  ["text", '{"message":"m"}', '{"message":"m"}'],
  ["json", '{"message":"m","a":1}', "m"],
  ["json", '{"level":30,"msg":"started"}', "started"],
  ["json", '{"a":12345678901234567890}', '{"a":12345678901234567890}'],
  ["json", "[1]", "[1]"],
  ["json", "no json", "no json"],
  ["text", null, ""],
] as const)("as %s, %p reads %p", (format, value, text) => {
  expect(read(value, format).line).toBe(text);
});

test("a record too deep to be read as JSON is shown as text, and so is one that cannot become a document", () => {
  const deep = `{"a":${"[".repeat(100_000)}`;
  expect(read(deep, "json").line).toBe(deep);
  expect(read("of no time", "text", -5).line).toBe("of no time");
});

test("can be found by the words of all its fields, in lower case, without colours", () => {
  const value = JSON.stringify({ msg: "\u001b[35mPayment\u001b[0m done", user: { name: "Ann" }, n: 7 });
  const matches = (query: string): boolean | null | undefined =>
    createMatcher(parseQuery(query), 0)?.(read(value, "json"));
  expect(["payment", "ann", "done ann", "35mpayment", "user"].map(matches)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("is cut, with its full length", () => {
  const record = sourceRecord(Buffer.from([0xff, 0x00, 0x61]), { partition: 1, offset: 7, timestamp: -1 });
  expect(read(Buffer.from([0xff, 0x00, 0x61]), "text").line).toBe("\uFFFD\0a");
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
