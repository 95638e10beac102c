import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  counted,
  durationText,
  parseDurationMs,
  parseSizeBytes,
  secondsText,
  sizeText,
} from "../../../../lib/rules/base/units.ts";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["0s", 0],
])("duration %s", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([
  ["7b", 7],
  ["512kb", 524_288],
  ["5mb", 5_242_880],
  ["1gb", 1_073_741_824],
])("size %s", (text, bytes) => {
  expect(parseSizeBytes(text)).toBe(bytes);
});

test.each(["", "30", "s", "1.5s", "-1s", "1d", "1 s", " 1s", "1S", "1s\n", "1e3s", "1234567890s"])(
  "%j is not a duration, and the error names the value and the rule",
  (text) => {
    expect(() => parseDurationMs(text)).toThrow(
      `${JSON.stringify(text)} is not a duration (a whole number and ms, s, m or h, such as 30s)`,
    );
  },
);

test.each(["", "5", "mb", "1.5gb", "-1b", "5MB", "5 mb", "1tb", "5m"])("%j is not a size", (text) => {
  expect(() => parseSizeBytes(text)).toThrow(
    `${JSON.stringify(text)} is not a size (a whole number and b, kb, mb or gb in powers of 1024, such as 5mb)`,
  );
});

test("durations read in seconds", () => {
  expect([30_000, 1_500, 100, 86_400_000].map(secondsText)).toEqual(["30 s", "1.5 s", "0.1 s", "86400 s"]);
});

test("only a number and a unit is accepted", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^\d{1,9}(ms|s|m|h)$/.test(text));
      expect(() => parseDurationMs(text)).toThrow("is not a duration");
    }),
  );
});

test("units are consistent with each other", () => {
  fc.assert(
    fc.property(fc.nat(999_999), (amount) => {
      expect(parseDurationMs(`${amount}s`)).toBe(parseDurationMs(`${amount}000ms`));
      expect(parseDurationMs(`${amount}h`)).toBe(parseDurationMs(`${amount * 60}m`));
      expect(parseSizeBytes(`${amount}kb`)).toBe(amount * parseSizeBytes("1024b"));
    }),
  );
});

test("one has no plural", () => {
  expect([counted(1, "topic"), counted(0, "topic"), counted(2, "index", "indices")]).toEqual([
    "1 topic",
    "0 topics",
    "2 indices",
  ]);
});

test.each([
  [0, "0 B"],
  [1023, "1,023 B"],
  [48 * 1024, "48 KiB"],
  [38.24 * 1024 ** 2, "38.2 MiB"],
  [256 * 1024 ** 2, "256 MiB"],
  [2 * 1024 ** 3, "2 GiB"],
])("%d bytes are %s", (value, text) => expect(sizeText(value)).toBe(text));

test.each([
  [5_400_000, "1.5 hours"],
  [86_400_000, "1 day"],
  [7 * 86_400_000, "7 days"],
  [1, "1 millisecond"],
])("%d ms are %s", (ms, text) => expect(durationText(ms)).toBe(text));
