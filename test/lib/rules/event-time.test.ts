import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { fieldAt, isDocumentTime, parseEventTime } from "../../../lib/rules/event-time.ts";

describe("parseEventTime", () => {
  const noon = Date.UTC(2026, 0, 2, 12, 0, 0);

  test.each([
    ["2026-01-02T12:00:00Z", noon],
    ["2026-01-02T12:00:00", noon],
    ["2026-01-02 12:00:00,5", noon + 500],
    ["2026-01-02T12:00:00.123456789Z", noon + 123],
    ["2026-01-02T14:00:00+02:00", noon],
    ["2026-01-02T06:30:00-0530", noon],
    ["2026-01-02T12:00Z", noon],
    ["2026-01-02", Date.UTC(2026, 0, 2)],
    ["1767355200000", noon],
    [1_767_355_200_000, noon],
    [1_767_355_200_000.7, noon],
    [0, 0],
    [253_402_300_799_999, 253_402_300_799_999],
  ])("%p", (value, expected) => {
    expect(parseEventTime(value)).toBe(expected);
  });

  test.each([
    ["2026-02-30T00:00:00Z"],
    ["2026-13-01"],
    ["2026-01-02T24:00:00Z"],
    ["2026-01-02T12:60:00Z"],
    ["yesterday"],
    [""],
    ["1969-12-31T23:59:59Z"],
    [-1],
    [253_402_300_800_000],
    [Number.NaN],
    [null],
    [true],
    [{}],
    [undefined],
  ])("not a time: %p", (value) => {
    expect(parseEventTime(value)).toBeNull();
  });

  test("reads back what Date writes, and never leaves the range", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (timestampMs) => {
        expect(parseEventTime(new Date(timestampMs).toISOString())).toBe(timestampMs);
      }),
    );
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const parsed = parseEventTime(value);
        expect(parsed === null || isDocumentTime(parsed)).toBe(true);
      }),
    );
  });
});

describe("fieldAt", () => {
  test("a top-level name goes before a path", () => {
    expect(fieldAt({ "a.b": 1, a: { b: 2 } }, "a.b")).toBe(1);
    expect(fieldAt({ a: { b: 2 } }, "a.b")).toBe(2);
  });

  test("what an object inherits is not a field", () => {
    expect(fieldAt({}, "constructor.name")).toBeUndefined();
    expect(fieldAt({ a: null }, "a.b")).toBeUndefined();
  });
});
