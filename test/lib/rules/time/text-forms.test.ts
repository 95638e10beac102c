import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseTimeText } from "../../../../lib/rules/time/text-forms.ts";

const ten = Date.UTC(2026, 10, 28, 10);

describe("parseTimeText", () => {
  test.each([
    // ISO 8601, and loggers' variants of it.
    ["2026-11-28T10:00:00Z", 0],
    ["2026-11-28T10:00:00", 0],
    ["2026-11-28t10:00:00.5z", 500],
    ["2026-11-28 10:00:00,123", 123],
    ["2026-11-28 10:00:00:123", 123],
    ["2026-11-28_10:00:00.12345", 123],
    ["2026-11-28T10:00:00.123456789Z", 123],
    ["2026-11-28T12:00:00+02:00", 0],
    ["2026-11-28T04:30:00-0530", 0],
    ["2026-11-28 10:00:00.123456+00", 123],
    ["2026-11-28 10:00Z", 0],
    ["2026-11-28 10:00:00 UTC", 0],
    ["2026-11-28 10:00:00 GMT", 0],
    ["2026-11-28T11:00:00+01:00[Europe/Berlin]", 0],
    ["2026-11-28T10:00:00Z[UTC][u-ca=iso8601]", 0],
    ["2026-11-28 10:00:00.123 +0000 UTC", 123],
    ["2026-11-28 11:00:00.123 +0100 CET m=+0.012345", 123],
    ["2026-11-28 13:00:00 +0300 +03", 0],
    ["2026/11/28 10:00:00", 0],
    ["2026/11/28 10:00:00.123456", 123],
    ["20261128T100000Z", 0],
    ["20261128T110000.123+0100", 123],
    ["20261128 10:00:00.123456", 123],
    // With names of days or months.
    ["28/Nov/2026:10:00:00 +0000", 0],
    ["28/Nov/2026:18:00:00 +0800", 0],
    ["[28/Nov/2026:10:00:00 +0000]", 0],
    ["28/Nov/2026:10:00:00.123", 123],
    ["Sat, 28 Nov 2026 10:00:00 GMT", 0],
    ["28 Nov 2026 10:00:00 +0000", 0],
    ["Sat, 28 Nov 2026 11:00:00 +0100 (CET)", 0],
    ["Saturday, 28-Nov-26 10:00:00 GMT", 0],
    ["28-Nov-2026 10:00:00.123", 123],
    ["28 Nov 26 10:00 UTC", 0],
    ["Sat Nov 28 10:00:00 2026", 0],
    ["Sat Nov 28 10:00:00.123456 2026", 123],
    ["Sat Nov 28 10:00:00 2026 UTC", 0],
    ["Sat Nov 28 10:00:00 UTC 2026", 0],
    ["Sat Nov 28 11:00:00 +0100 2026", 0],
    ["Sat Nov 28 2026 11:00:00 GMT+0100 (Central European Standard Time)", 0],
    ["Nov 28, 2026 10:00:00 AM", 0],
    ["November 28, 2026, 10:00:00 a.m.", 0],
    ["Nov 28 2026 10:00:00.123 UTC", 123],
  ])("%p", (text, milliseconds) => {
    expect(parseTimeText(text, -1)).toBe(ten + milliseconds);
  });

  test("a date alone means midnight, and 12 AM is hour 0", () => {
    expect(parseTimeText("2026-11-28", -1)).toBe(Date.UTC(2026, 10, 28));
    expect(parseTimeText("Nov 28, 2026 12:00:00 AM", -1)).toBe(Date.UTC(2026, 10, 28));
    expect(parseTimeText("Nov 28, 2026 12:00:00 PM", -1)).toBe(Date.UTC(2026, 10, 28, 12));
    expect(parseTimeText("Saturday, 28-Nov-70 10:00:00 GMT", -1)).toBe(Date.UTC(1970, 10, 28, 10));
  });

  test(".NET's form is always in milliseconds, whatever its offset", () => {
    expect(parseTimeText("/Date(1764324000000)/", -1)).toBe(1_764_324_000_000);
    expect(parseTimeText("/Date(5+0100)/", -1)).toBe(5);
  });

  test.each([
    // Ambiguous: which is the month, and which of three zones is it?
    ["11/28/2026 10:00:00"],
    ["01/02/2026"],
    ["2026-11-28 10:00:00 CST"],
    ["2026-11-28 10:00:00 Europe/Berlin"],
    ["2026-02-30T00:00:00Z"],
    ["2026-13-01"],
    ["2026-11-28T24:00:00Z"],
    ["2026-11-28T10:60:00Z"],
    ["2026-11-28T10:00:61Z"],
    ["2026-11-28T10:00:00+24:00"],
    ["2026/11-28 10:00:00"],
    ["31/Nov/2026:10:00:00 +0000"],
    ["28/Foo/2026:10:00:00 +0000"],
    ["Nov 28, 2026 13:00:00 PM"],
    ["Nov 28, 2026 0:00:00 AM"],
    ["Nov 28"],
    ["10:00:00"],
    ["at 2026-11-28 10:00:00"],
    ["2026-11-28 10:00:00 failed"],
    ["may 5"],
    ["yesterday"],
    [""],
    ["-"],
    ["[]"],
  ])("not a time: %p", (text) => {
    expect(parseTimeText(text, ten)).toBeNull();
  });

  test.each([
    ["Nov 28 10:00:00", ten, ten],
    ["Nov  8 10:00:00.119", ten, Date.UTC(2026, 10, 8, 10, 0, 0, 119)],
    ["28 Nov 10:00:00.119", ten, ten + 119],
    ["Sat Nov 28 10:00:00", ten, ten],
    ["Nov 28 11:00:00 +01:00", ten, ten],
    // Written before New Year and read or stamped after it, and vice versa.
    ["Dec 31 23:59:59", Date.UTC(2027, 0, 1), Date.UTC(2026, 11, 31, 23, 59, 59)],
    ["Jan  1 00:00:01", Date.UTC(2026, 11, 31, 23, 59), Date.UTC(2027, 0, 1, 0, 0, 1)],
    ["Feb 29 00:00:00", Date.UTC(2027, 1, 28), Date.UTC(2028, 1, 29)],
    ["Feb 29 00:00:00", Date.UTC(2026, 1, 28), null],
    // The year is unknown.
    ["Nov 28 10:00:00", -1, null],
  ])("without a year the nearest one: %p around %p", (text, aroundMs, expected) => {
    expect(parseTimeText(text, aroundMs)).toBe(expected);
  });

  test("reads back what Date writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (timestampMs) => {
        const date = new Date(timestampMs);
        expect(parseTimeText(date.toISOString(), -1)).toBe(timestampMs);
        expect(parseTimeText(date.toUTCString(), -1)).toBe(Math.floor(timestampMs / 1_000) * 1_000);
      }),
    );
  });

  test("is not slow on any text", () => {
    for (const piece of ["2026-11-28 ", " ", "Nov ", "28/Nov/", "1", "[", "(", "Z"]) {
      const startMs = performance.now();
      expect(parseTimeText(`2026-11-28 10:00:00${piece.repeat(100_000)}`, ten)).toBeNull();
      expect(parseTimeText(`Nov 28${piece.repeat(100_000)}`, ten)).toBeNull();
      expect(performance.now() - startMs).toBeLessThan(1_000);
    }
  });
});
