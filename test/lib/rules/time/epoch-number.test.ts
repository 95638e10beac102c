import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { epochNumberMs } from "../../../../lib/rules/time/epoch-number.ts";

describe("epochNumberMs", () => {
  test.each([
    ["1764324000", 1_764_324_000_000],
    ["1764324000.123", 1_764_324_000_123],
    ["1764324000.12", 1_764_324_000_120],
    ["1764324000.123999", 1_764_324_000_123],
    ["1764324000.", 1_764_324_000_000],
    ["1.764324000123e+09", 1_764_324_000_123],
    ["1764324000123", 1_764_324_000_123],
    ["1764324000123.9", 1_764_324_000_123],
    ["1764324000123999", 1_764_324_000_123],
    ["1764324000123999999", 1_764_324_000_123],
    ["100000000", 100_000_000_000],
    ["000000001764324000", 1_764_324_000_000],
    ["99999999999", 99_999_999_999_000],
    ["100000000000", 100_000_000_000],
    ["99999999999999", 99_999_999_999_999],
    ["100000000000000", 100_000_000_000],
    ["99999999999999999", 99_999_999_999_999],
    ["100000000000000000", 100_000_000_000],
  ])("%p", (text, expected) => {
    expect(epochNumberMs(text)).toBe(expected);
  });

  test.each([
    // Durations, uptimes, and 0 for no time.
    ["0"],
    ["12.5"],
    ["99999999.9"],
    ["-1"],
    ["+1"],
    [""],
    ["."],
    [".5"],
    ["1e"],
    ["1e-3"],
    ["1e21"],
    ["2.05e+98"],
    ["1e999"],
    ["0x10"],
    ["1,5"],
    ["1 2"],
    ["12:00"],
  ])("not such a number: %p", (text) => {
    expect(epochNumberMs(text)).toBeNull();
  });

  test("a time after 1973 is the same in every unit", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100_000_000_000, max: 99_999_999_999_999 }),
        fc.nat(999_999),
        (timestampMs, rest) => {
          const digits = String(timestampMs);
          const below = String(rest).padStart(6, "0");
          for (const text of [
            `${digits.slice(0, -3)}.${digits.slice(-3)}${below}`,
            digits,
            digits + below.slice(0, 3),
            digits + below,
          ])
            expect(epochNumberMs(text)).toBe(timestampMs);
        },
      ),
    );
  });
});
