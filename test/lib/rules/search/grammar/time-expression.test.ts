import { expect, test } from "bun:test";
import {
  isRelative,
  parseMoment,
  parseTimeExpression,
} from "../../../../../lib/rules/search/grammar/time-expression.ts";

const nowMs = Date.UTC(2026, 2, 4, 12);

test.each([
  ["now", nowMs],
  ["now-15m", nowMs - 900_000],
  ["now-2w", nowMs - 14 * 86_400_000],
  ["now-999999999w", 0],
  ["2026-03-04T12:00:00.5+01:00", nowMs - 3_600_000 + 500],
  ["1772625600000", nowMs],
])("%s is %d", (text, timestampMs) => {
  expect(parseTimeExpression(text, nowMs)).toBe(timestampMs);
});

test.each(["", "now+1m", "now-1y", "now-m", "NOW", "yesterday", "-5", "2026-13-01", "1e3", "now-1m/d"])(
  "%p is not a time",
  (text) => {
    expect(parseTimeExpression(text, nowMs)).toBeNull();
  },
);

test.each([
  ["15m", nowMs - 900_000],
  ["-2h", nowMs - 7_200_000],
  ["7d", nowMs - 7 * 86_400_000],
  ["250ms", nowMs - 250],
  ["-999999999w", 0],
])("%s is a time where no other value can stand", (text, timestampMs) => {
  expect(parseMoment(text, nowMs)).toBe(timestampMs);
  expect(parseTimeExpression(text, nowMs)).toBeNull();
});

test.each(["--2h", "now2h", "2 h", "2y", "h", "-", "+2h", "yesterday"])("%p is none there either", (text) =>
  expect(parseMoment(text, nowMs)).toBeNull(),
);

test.each(["now", "now-15m", "-15m", "15m"])("%s moves on with the clock", (text) => {
  expect(isRelative(text)).toBe(true);
  expect(parseMoment(text, nowMs + 1)).toBe((parseMoment(text, nowMs) ?? 0) + 1);
});
test.each(["2026-03-04", "1772625600000"])("%s does not", (text) => expect(isRelative(text)).toBe(false));
