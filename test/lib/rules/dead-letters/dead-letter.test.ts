import { expect, test } from "bun:test";
import {
  bareLetter,
  deadLetterOf,
  fittingLetter,
  withoutValue,
} from "../../../../lib/rules/dead-letters/dead-letter.ts";
import { contentBytesOf } from "../../../../lib/rules/model/record.ts";
import { sourceRecord } from "../../../support/records.ts";

const record = sourceRecord("v", {
  partition: 2,
  offset: 7,
  timestamp: 1000,
  key: Buffer.from([0xff]),
  headers: [{ name: "own", value: null }],
});
const rejection = { status: 400, type: "document_parsing_exception", reason: "no", index: "app-2026.01.02" };
const context = { topic: "app", record, rejection, attempts: 3, failedAt: 2000 };

test("has key, value and headers untouched, then its reason and origin", () => {
  const letter = deadLetterOf(context);
  expect(letter.key).toBe(record.key);
  expect(letter.value).toBe(record.value);
  expect(letter.headers.map(({ name, value }) => [name, value?.toString() ?? null])).toEqual([
    ["own", null],
    ["penstock.topic", "app"],
    ["penstock.partition", "2"],
    ["penstock.offset", "7"],
    ["penstock.timestamp", "1000"],
    ["penstock.index", "app-2026.01.02"],
    ["penstock.status", "400"],
    ["penstock.error.type", "document_parsing_exception"],
    ["penstock.error.reason", "no"],
    ["penstock.attempts", "3"],
    ["penstock.failed-at", "1970-01-01T00:00:02.000Z"],
  ]);
});

test("cuts the reason at 1 KiB, between characters", () => {
  const reason = `a${"☃".repeat(1000)}`;
  const letter = deadLetterOf({ ...context, rejection: { ...rejection, reason } });
  const written = letter.headers.find(({ name }) => name === "penstock.error.reason")?.value;
  expect(written?.length).toBe(1024);
  expect(written?.toString()).toBe(reason.slice(0, 342));
});

test("a letter that does not fit omits its value, and says so", () => {
  const letter = withoutValue(deadLetterOf(context));
  expect(letter.value).toBeNull();
  expect(letter.headers.at(-1)).toEqual({ name: "penstock.value", value: Buffer.from("omitted") });
});

test("a letter that still does not fit is bare: reason, place, and that key, value and headers are omitted", () => {
  const own = [
    { name: "penstock.topic", value: Buffer.from("an older letter's") },
    { name: "penstock.index", value: Buffer.from("elsewhere") },
  ];
  const letter = deadLetterOf({ ...context, record: { ...record, headers: own } });
  for (const bare of [bareLetter(letter), bareLetter(withoutValue(letter))]) {
    expect(bare).toMatchObject({ key: null, value: null });
    expect(bare.headers.map(({ name, value }) => [name, String(value)])).toEqual([
      ...letter.headers.slice(2).map(({ name, value }) => [name, String(value)]),
      ["penstock.value", "omitted"],
      ["penstock.key", "omitted"],
      ["penstock.headers", "omitted"],
    ]);
  }
});

test("a bare letter is small, whatever Elasticsearch said", () => {
  const endless = { ...rejection, type: "t".repeat(1e6), reason: "r".repeat(1e6), index: "i".repeat(255) };
  const letter = deadLetterOf({ ...context, topic: "t".repeat(249), rejection: endless });
  expect(contentBytesOf(bareLetter(letter))).toBeLessThan(3 * 1024);
});

test("a letter over 16 MiB takes its largest form below that", () => {
  const large = Buffer.alloc(17 * 1024 * 1024);
  const whole = deadLetterOf(context);
  expect(fittingLetter(whole)).toBe(whole);
  const ofValue = deadLetterOf({ ...context, record: { ...record, value: large } });
  expect(fittingLetter(ofValue)).toEqual(withoutValue(ofValue));
  for (const part of [{ key: large }, { headers: [{ name: "h", value: large }] }]) {
    const letter = deadLetterOf({ ...context, record: { ...record, ...part } });
    expect(fittingLetter(letter)).toEqual(bareLetter(letter));
  }
});
