import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createPlainTime } from "../../../../lib/rules/bulk/plain-time.ts";
import { parseEventTimeText } from "../../../../lib/rules/time/event-time.ts";
import { rounds } from "../../../support/rounds.ts";

const plain = createPlainTime();
const read = (json: string): number => {
  const bytes = Buffer.from(`{"t":${json},"x":1}`);
  return plain(bytes, 5, bytes.length - 7);
};

test.each([
  ['"2026-11-28T10:00:00.123Z"', Date.UTC(2026, 10, 28, 10, 0, 0, 123)],
  ['"2026-11-28 10:00:00,1239"', Date.UTC(2026, 10, 28, 10, 0, 0, 123)],
  ['"2026-11-28T10:00:00Z"', Date.UTC(2026, 10, 28, 10)],
  ["1764324000", 1_764_324_000_000],
  ["1764324000.123", 1_764_324_000_123],
  ["1764324000123", 1_764_324_000_123],
  ["176432400012345", 176_432_400_012],
])("reads %s", (json, expected) => {
  expect(read(json)).toBe(expected);
});

test.each([
  ['"2026-02-30T10:00:00Z"'],
  ['"2026-11-28T24:00:00Z"'],
  ['"2026-11-28T10:00:00+01:00"'],
  ['"2026-11-28T10:00:00.Z"'],
  ['"2026-11-28T1a:00:00Z"'],
  ['"2026-11-28T10:00:0"'],
  ['"2026-11-28"'],
  ["1764324000123999999"],
  ["1764324000.1240001"],
  ["1764324000.5Z"],
  ["-1"],
  ["1e9"],
  ["null"],
  ['""'],
])("leaves %s to parseEventTimeText", (json) => {
  expect(read(json)).toBe(-1);
});

test("reads everything it accepts as parseEventTimeText does", () => {
  const iso = fc
    .tuple(
      fc.date({ min: new Date("1960-01-01"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true }),
      fc.constantFrom("T", " ", "_"),
      fc.constantFrom("", ".1", ",12", ".1239", ".", ":1"),
      fc.constantFrom("Z", "", "z", "+00:00", " "),
      fc.tuple(fc.nat(24), fc.constantFrom("0", "5", "6", "a", ":")),
    )
    .map(([date, between, fraction, zone, [at, other]]) => {
      const text = `${date.toISOString().slice(0, 19).replace("T", between)}${fraction}${zone}`;
      return JSON.stringify(at < 19 && other !== "0" ? text.slice(0, at) + other + text.slice(at + 1) : text);
    });
  const numbers = fc.oneof(
    fc.nat({ max: 2 ** 52 }).map(String),
    fc.tuple(fc.nat(2_000_000_000), fc.nat(99_999)).map(([whole, fraction]) => `${whole}.${fraction}`),
  );
  fc.assert(
    fc.property(fc.oneof(iso, numbers, fc.json()), (json) => {
      const timestampMs = read(json);
      if (timestampMs !== -1) expect(parseEventTimeText(json, -1)).toBe(timestampMs);
    }),
    { numRuns: rounds(2_000, 500) },
  );
});
