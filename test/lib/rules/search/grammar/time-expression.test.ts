import { expect, test } from "bun:test";
import { parseTimeExpression } from "../../../../../lib/rules/search/grammar/time-expression.ts";

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
