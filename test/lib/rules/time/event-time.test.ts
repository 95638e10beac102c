import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { jsonMembers } from "../../../../lib/rules/json/json-members.ts";
import {
  eventTimeOf,
  fieldAt,
  isDocumentTime,
  parseEventTimeText,
} from "../../../../lib/rules/time/event-time.ts";

const recordMs = Date.UTC(2026, 10, 28, 12);
const secondMs = 1_764_324_000_000;

function read(text: string, ...fields: string[]) {
  return eventTimeOf(jsonMembers(text), Object(JSON.parse(text)), fields, recordMs);
}

describe("parseEventTimeText", () => {
  test.each([
    ["1764324000", secondMs],
    ["1764324000.123", secondMs + 123],
    ['"1764324000.123"', secondMs + 123],
    ["1.764324000123e9", secondMs + 123],
    ["1764324000123", secondMs + 123],
    ['"1764324000123"', secondMs + 123],
    ["1764324000123999", secondMs + 123],
    // A double would round it up to 1764324000124 milliseconds.
    ["1764324000123999999", secondMs + 123],
    ['"1764324000123999999"', secondMs + 123],
    // Programs that print 17 digits write the double for .124 like this.
    ["1764324000.12400001", secondMs + 124],
    ["1764324000.12399999", secondMs + 124],
    ['"2025-11-28T10:00:00.123Z"', secondMs + 123],
    [String.raw`"28\/Nov\/2025:10:00:00 +0000"`, secondMs],
    [String.raw`"\/Date(1764324000000)\/"`, secondMs],
    ['" 2025-11-28T10:00:00 "', secondMs],
    ['"Nov 28 10:00:00"', Date.UTC(2026, 10, 28, 10)],
    ["[2025,11,28,10,0,0,123000000]", secondMs + 123],
    ["[2025,11,28,10,0,0,123]", secondMs + 123],
    ["[2025,11,28,10,0]", secondMs],
    ["[2025,11,28]", Date.UTC(2025, 10, 28)],
    ['{"epochSecond":1764324000,"nanoOfSecond":123999999}', secondMs + 123],
    ['{"seconds":"1764324000","nanos":5000000}', secondMs + 5],
    ['{"seconds":1764324000}', secondMs],
    ['{"$date":"2025-11-28T10:00:00.123+00:00"}', secondMs + 123],
    ['{"$date":{"$numberLong":"1764324000123"}}', secondMs + 123],
    ['{"$date":5}', 5],
    ['{"repr":"2025-11-28 10:00:00.123+00:00","timestamp":1764324000.123}', secondMs + 123],
    ['{"date":"2025-11-28 11:00:00.123000","timezone_type":1,"timezone":"+01:00"}', secondMs + 123],
    ["253402300799", 253_402_300_799],
    ["253402300799999999999", 253_402_300_799_999],
  ])("%s", (json, expected) => {
    expect(parseEventTimeText(json, recordMs)).toBe(expected);
    expect(read(`{"deep":{"time":${json}}}`, "deep.time")).toEqual({
      kind: "read",
      timestampMs: expected,
      field: "deep.time",
    });
  });

  test.each([
    ["-1"],
    ['"1969-12-31T23:59:59Z"'],
    ["253402300800000000000"],
    ["1e400"],
    ["true"],
    ['"soon"'],
    ["[]"],
    ["[2026,2,30]"],
    ["[2026,11]"],
    ["[2026,11,28,24]"],
    ["[2026,11,28,10,0,0,0,0]"],
    ['["2026-11-28"]'],
    ["{}"],
    ['{"$date":null}'],
    ['{"date":"2026-11-28 10:00:00","timezone":"Europe/Berlin"}'],
  ])("not a time: %s", (json) => {
    expect(parseEventTimeText(json, recordMs)).toBeNull();
    expect(read(`{"time":${json}}`, "time")).toEqual({ kind: "unreadable" });
  });

  test("any value stays in range and reads the same as in a whole record", () => {
    const values = fc.oneof(
      fc.json(),
      fc.bigInt({ min: -1n, max: 10n ** 22n }).map(String),
      fc.double({ min: 0, max: 1e22, noNaN: true }).map(String),
    );
    fc.assert(
      fc.property(values, (json) => {
        const parsed = parseEventTimeText(json, recordMs);
        expect(parsed === null || isDocumentTime(parsed)).toBe(true);
        const time = read(`{"time":${json}}`, "time");
        expect(time.kind === "read" ? time.timestampMs : null).toBe(parsed);
      }),
    );
  });
});

describe("eventTimeOf", () => {
  test("takes the first field that can be read", () => {
    const text = '{"ts":null,"time":"","at":"soon","date":"2025-11-28 10:00:00","@timestamp":1}';
    const expected = { kind: "read", timestampMs: secondMs, field: "date" } as const;
    expect(read(text, "missing", "ts", "time", "at", "date", "@timestamp")).toEqual(expected);
  });

  test("distinguishes absent from unreadable fields", () => {
    const text = '{"ts":null,"time":" ","at":"soon"}';
    expect(read(text, "missing", "deep.ts", "ts", "time")).toEqual({ kind: "absent" });
    expect(read(text, "ts", "at")).toEqual({ kind: "unreadable" });
    expect(read(text)).toEqual({ kind: "absent" });
  });

  test("adds the nanoseconds from the field next to the seconds", () => {
    const expected = { kind: "read", timestampMs: secondMs + 123 } as const;
    const instant = '{"epochSecond":1764324000,"nanoOfSecond":123456000}';
    for (const [text, field] of [
      [`{"instant":${instant}}`, "instant.epochSecond"],
      [`{"instant":${instant}}`, "instant"],
      [instant, "epochSecond"],
      ['{"instant.epochSecond":1764324000,"instant.nanoOfSecond":123456000}', "instant.epochSecond"],
      ['{"t":{"seconds":"1764324000","nanos":123456000}}', "t.seconds"],
    ] as const)
      expect(read(text, field)).toEqual({ ...expected, field });
    // Without them, seconds are a number like any other.
    expect(read('{"seconds":1764324000.123}', "seconds")).toEqual({ ...expected, field: "seconds" });
  });

  test("nanoseconds are exact at any depth", () => {
    const nanoseconds = "1764324000123999999";
    for (const [text, field] of [
      [`{"a.b":${nanoseconds},"a":{"b":1}}`, "a.b"],
      [`{"b":1,"a":{"c":1,"b":${nanoseconds}}}`, "a.b"],
      [`{"a":1,"a":{"b":${nanoseconds}}}`, "a.b"],
    ] as const)
      expect(read(text, field)).toEqual({ kind: "read", timestampMs: secondMs + 123, field });
  });
});

describe("fieldAt", () => {
  test("a top-level name precedes a path", () => {
    expect(fieldAt({ "a.b": 1, a: { b: 2 } }, "a.b")).toBe(1);
    expect(fieldAt({ a: { b: 2 } }, "a.b")).toBe(2);
  });

  test("inherited properties are not fields", () => {
    expect(fieldAt({}, "constructor.name")).toBeUndefined();
    expect(fieldAt({ a: null }, "a.b")).toBeUndefined();
  });
});
