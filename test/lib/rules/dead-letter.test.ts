import { expect, test } from "bun:test";
import { deadLetterOf, withoutValue } from "../../../lib/rules/dead-letter.ts";
import { sourceRecord } from "../../support/records.ts";

const record = sourceRecord("v", {
  partition: 2,
  offset: 7,
  timestamp: 1000,
  key: Buffer.from([0xff]),
  headers: [{ name: "own", value: null }],
});
const rejection = { status: 400, type: "document_parsing_exception", reason: "no", index: "app-2026.01.02" };
const context = { topic: "app", record, rejection, attempts: 3, failedAt: 2000 };

test("key, value and headers untouched, then why and where from", () => {
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

test("the reason is cut at 1 KiB, between characters", () => {
  const reason = `a${"☃".repeat(1000)}`;
  const letter = deadLetterOf({ ...context, rejection: { ...rejection, reason } });
  const written = letter.headers.find(({ name }) => name === "penstock.error.reason")?.value;
  expect(written?.length).toBe(1024);
  expect(written?.toString()).toBe(reason.slice(0, 342));
});

test("what does not fit goes without its value, and says so", () => {
  const letter = withoutValue(deadLetterOf(context));
  expect(letter.value).toBeNull();
  expect(letter.headers.at(-1)).toEqual({ name: "penstock.value", value: Buffer.from("omitted") });
});
