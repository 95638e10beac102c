import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  deadLetterOf,
  withoutValue,
  type DeadLetter,
} from "../../../../lib/rules/dead-letters/dead-letter.ts";
import { readDeadLetter } from "../../../../lib/rules/dead-letters/dead-letter-reader.ts";
import { SetAside } from "../../../../lib/rules/model/record.ts";
import { sourceRecord } from "../../../support/records.ts";

const rejection = { status: 400, type: "document_parsing_exception", reason: "no number", index: "app" };

function letterOf(record = sourceRecord("{}"), changes: Partial<typeof rejection> = {}): DeadLetter {
  return deadLetterOf({
    topic: "app",
    record,
    rejection: { ...rejection, ...changes },
    attempts: 3,
    failedAt: Date.UTC(2026, 0, 2),
  });
}

function changed(name: string, value: string | null): DeadLetter {
  const letter = letterOf();
  const headers = letter.headers.flatMap((header) => {
    if (header.name !== `penstock.${name}`) return [header];
    return value === null ? [] : [{ ...header, value: Buffer.from(value) }];
  });
  return { ...letter, headers };
}

describe("a dead letter", () => {
  test("is read back as written, its record with its own headers", () => {
    const record = sourceRecord("{}", { partition: 2, offset: 7, timestamp: -1, key: Buffer.from("k") });
    expect(readDeadLetter(letterOf(record))).toEqual({
      kind: "letter",
      letter: {
        topic: "app",
        record,
        valueOmitted: false,
        index: "app",
        status: 400,
        error: { type: "document_parsing_exception", reason: "no number" },
        attempts: 3,
        failedAt: Date.UTC(2026, 0, 2),
      },
    });
  });

  test("from somebody else may have any size: its headers are read only as far as ours can be long", () => {
    const reading = readDeadLetter(changed("error.reason", "failed to parse field [".repeat(100_000)));
    expect(reading.kind === "letter" && reading.letter.error.reason).toHaveLength(4_096);
  });

  test("gives back all headers, including those that look like ours", () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "penstock.topic",
        "penstock.value",
        "penstock.failed-at",
        "penstock.offset",
        "__proto__",
      ),
    );
    const value = fc.option(fc.uint8Array().map((bytes) => Buffer.from(bytes)));
    const headers = fc.array(fc.record({ name, value }), { maxLength: 14 });
    fc.assert(
      fc.property(headers, fc.boolean(), (own, omitted) => {
        const letter = letterOf(sourceRecord("v", { headers: own }));
        const reading = readDeadLetter(omitted ? withoutValue(letter) : letter);
        if (reading.kind !== "letter") throw new Error(reading.reason);
        expect(reading.letter.record.headers).toEqual(own);
        expect(reading.letter.valueOmitted).toBe(omitted);
        expect(reading.letter.record.offset).toBe(0);
      }),
    );
  });

  test("may have headers from a tool that copied it", () => {
    const own = { name: "own", value: null };
    const letter = letterOf(sourceRecord("v", { headers: [own] }));
    const added = { name: "traceparent", value: Buffer.from("00") };
    const reading = readDeadLetter({ ...letter, headers: [...letter.headers, added] });
    expect(reading).toMatchObject({ kind: "letter", letter: { record: { headers: [own, added] } } });
  });

  test("may name an index with an unresolved date", () => {
    expect(readDeadLetter(letterOf(sourceRecord("v"), { index: "logs-{yyyy.MM.dd}" }))).toMatchObject({
      kind: "letter",
      letter: { index: "logs-{yyyy.MM.dd}" },
    });
  });

  test.each([
    ["topic", null, "it has no header penstock.topic"],
    ["topic", "a/b", 'its header penstock.topic is "a/b"'],
    ["index", "UPPER", 'its header penstock.index is "UPPER"'],
    ["partition", "-1", 'its header penstock.partition is "-1"'],
    ["offset", null, "it has no header penstock.offset"],
    ["offset", "1e3", 'its header penstock.offset is "1e3"'],
    ["timestamp", "99999999999999999999", 'its header penstock.timestamp is "99999999999999999999"'],
    ["status", "", 'its header penstock.status is ""'],
    ["attempts", "two", 'its header penstock.attempts is "two"'],
    ["failed-at", "yesterday", 'its header penstock.failed-at is "yesterday"'],
  ])("whose header %s is %j is not ours", (name, value, reason) => {
    expect(readDeadLetter(changed(name, value))).toEqual({ kind: "foreign", reason });
  });
});

test("a letter for a whole record batch has its end, which is checked against what a batch can be", () => {
  const setAside = new SetAside({ type: "batch_too_large", reason: "too large", end: 40, records: 30 });
  const letter = letterOf(sourceRecord(null, { offset: 7, setAside }));
  expect(letter).toMatchObject({ key: null, value: null });
  expect(readDeadLetter(letter)).toMatchObject({
    kind: "letter",
    letter: { record: { offset: 7 }, valueOmitted: true, batch: { end: 40, records: 30 } },
  });
  const forged = (name: string, value: string) =>
    readDeadLetter({
      ...letter,
      headers: [...letter.headers, { name: `penstock.${name}`, value: Buffer.from(value) }],
    });
  for (const last of ["6", "9007199254740991"]) {
    expect(forged("last-offset", last)).toEqual({
      kind: "foreign",
      reason: `its header penstock.last-offset is "${last}"`,
    });
  }
  for (const records of ["0", "34", "x"]) {
    expect(forged("records", records)).toEqual({
      kind: "foreign",
      reason: `its header penstock.records is "${records}"`,
    });
  }
});

test("an undecoded record batch of the dead-letter topic is not a letter, and says why", () => {
  const setAside = new SetAside({ type: "batch_too_large", reason: "too large", end: 40, records: 30 });
  expect(readDeadLetter(sourceRecord(null, { setAside }))).toEqual({ kind: "foreign", reason: "too large" });
});
