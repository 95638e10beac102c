import { expect, test } from "bun:test";
import { createPaint } from "../../../../infra/cli/kit/terminal.ts";
import { createTappedLine, type TappedForm } from "../../../../infra/cli/records/tapped.ts";
import { acting } from "../../../support/acting-text.ts";
import type { SourceRecord } from "../../../../lib/rules/model/record.ts";
import { bareSpecification } from "../../../../lib/rules/model/specification.ts";
import { createMatcher, maxLooks } from "../../../../lib/rules/search/grammar/match.ts";
import { parseQuery } from "../../../../lib/rules/search/grammar/parse.ts";

const record = (value: string | Buffer | null, changes: Partial<SourceRecord> = {}): SourceRecord => ({
  partition: 1,
  offset: 7,
  timestamp: Date.UTC(2026, 0, 2, 3, 4, 5),
  key: Buffer.from("k"),
  value: typeof value === "string" ? Buffer.from(value) : value,
  headers: [{ name: "h", value: Buffer.from("v") }],
  ...changes,
});
const plain: TappedForm = { json: false, documents: false, key: false, headers: false };
const unjudged: number[] = [];
const lineOf = (one: SourceRecord, form: Partial<TappedForm> = {}, search = "") =>
  createTappedLine(
    { ...bareSpecification("t"), format: "json" },
    createMatcher(parseQuery(search), 0),
    { ...plain, ...form },
    createPaint(false),
    ({ offset }) => unjudged.push(offset),
  )(one);

test.each([
  [record("a line"), {}, "2026-01-02T03:04:05.000Z 1:7 a line\n"],
  [record("a line"), { key: true, headers: true }, "2026-01-02T03:04:05.000Z 1:7 key=k h=v a line\n"],
  [record(null, { timestamp: -1 }), {}, "no time 1:7 (null)\n"],
  [record(null), { documents: true }, "2026-01-02T03:04:05.000Z 1:7 (skipped: it has no value)\n"],
  [record("\u001b[2J\u202e\n"), {}, String.raw`2026-01-02T03:04:05.000Z 1:7 \u001b[2J\u202e\u000a` + "\n"],
])("%#: a line for a person", (one, form, line) => {
  expect(lineOf(one, form)).toBe(line);
});

test("JSON has everything, on one line, and bytes that are no text in Base64", () => {
  const place = { topic: "t", partition: 1, offset: 7, timestamp: "2026-01-02T03:04:05.000Z" };
  const line = lineOf(record("\u001b\n漢"), { json: true }) ?? "";
  expect(line.slice(0, -1)).not.toMatch(acting);
  expect(JSON.parse(line)).toEqual({
    ...place,
    key: "k",
    value: "\u001b\n漢",
    headers: [{ name: "h", value: "v" }],
  });
  expect(JSON.parse(lineOf(record(Buffer.from([0xff])), { json: true }) ?? "")).toMatchObject({
    valueBase64: "/w==",
  });
  expect(JSON.parse(lineOf(record('{"a":1}'), { json: true, documents: true }) ?? "")).toMatchObject({
    ...place,
    document: { a: 1, kafka: { topic: "t" } },
  });
});

test("a search looks into the document", () => {
  expect(lineOf(record('{"status":503}'), {}, "status >= 500")).toContain("503");
  expect(lineOf(record('{"status":200}'), {}, "status >= 500")).toBeNull();
  expect(unjudged).toEqual([]);
  const list = JSON.stringify({ list: Array.from({ length: maxLooks + 1 }, () => 1) });
  expect(lineOf(record(list), {}, "list: 1")).toBeNull();
  expect(unjudged).toEqual([7]);
});
