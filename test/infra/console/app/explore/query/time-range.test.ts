import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  around,
  fieldTime,
  frozenRange,
  isPreset,
  steppedRange,
  stepName,
  timeOfField,
  typedRange,
  widerRange,
} from "../../../../../../infra/console/app/explore/query/time-range.ts";

const nowMs = Date.parse("2026-11-25T14:03:07.123Z");

test("freezing leaves moments and what is no time as they are", () => {
  expect(frozenRange({ from: "now-1h", to: "2026-11-25T14:00:00Z" }, nowMs)).toEqual({
    from: "2026-11-25T13:03:07.123Z",
    to: "2026-11-25T14:00:00Z",
  });
  expect(frozenRange({ from: "now-1fortnight", to: "now" }, nowMs).from).toBe("now-1fortnight");
});

test("only spans that end now are one choice away", () => {
  expect(isPreset({ from: "now-24h", to: "now" })).toBe(true);
  expect(isPreset({ from: "now-24h", to: "now-1h" })).toBe(false);
  expect(isPreset({ from: "now-3h", to: "now" })).toBe(false);
});

test("a field shows a moment in the page's zone, and means it", () => {
  expect(fieldTime("now-1m", "utc", nowMs)).toBe("2026-11-25T14:02:07.123");
  expect(fieldTime("yesterday", "utc", nowMs)).toBe("");
  expect(timeOfField("2026-11-25T14:02", "utc")).toBe("2026-11-25T14:02:00.000Z");
  expect(timeOfField("", "utc")).toBeNull();
  expect(timeOfField("2026-13-45T99:99", "local")).toBeNull();
  const moments = fc.date({
    min: new Date("2000-01-01T00:00:00Z"),
    max: new Date("2037-12-31T00:00:00Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(moments, (moment) => {
      const iso = moment.toISOString();
      expect(timeOfField(fieldTime(iso, "utc", nowMs), "utc")).toBe(iso);
    }),
  );
});

test("around a moment lie both its sides, and nothing before the epoch", () => {
  expect(around(nowMs, 60_000)).toEqual({ from: "2026-11-25T14:02:07.123Z", to: "2026-11-25T14:04:07.123Z" });
  expect(around(5, 60_000).from).toBe("1970-01-01T00:00:00.000Z");
});

test.each([
  [30_000, "30 s"],
  [300_000, "5 min"],
  [86_400_000, "1 d"],
  [90_000, "90 s"],
  [500, "500 ms"],
])("%d ms are %s", (ms, name) => {
  expect(stepName(ms)).toBe(name);
});

test.each([
  ["2h", "now-2h", "now"],
  ["last 3 d", "now-3d", "now"],
  ["90min", "now-90m", "now"],
  ["now-1d", "now-1d", "now"],
  ["today", "2026-11-25T00:00:00.000Z", "now"],
  ["Yesterday", "2026-11-24T00:00:00.000Z", "2026-11-24T23:59:59.999Z"],
  ["2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z", "now"],
])("%s is a range", (typed, from, to) => {
  expect(typedRange(typed, "utc", nowMs)).toEqual({ from, to });
});

test.each(["", "now", "soon", "2 fortnights", "2027-01-01"])("%p is none", (typed) => {
  expect(typedRange(typed, "utc", nowMs)).toBeNull();
});

test("a range moves by its length, and widens to twice that", () => {
  const range = { from: "2026-11-25T12:00:00.000Z", to: "2026-11-25T13:00:00.000Z" };
  expect(steppedRange(range, -1)).toEqual({ from: "2026-11-25T11:00:00.000Z", to: range.from });
  expect(steppedRange(range, 1)).toEqual({ from: range.to, to: "2026-11-25T14:00:00.000Z" });
  expect(widerRange(range)).toEqual({ from: "2026-11-25T11:30:00.000Z", to: "2026-11-25T13:30:00.000Z" });
  expect(widerRange({ from: "1970-01-01T00:00:00.000Z", to: "1970-01-01T00:01:00.000Z" }).from).toStartWith(
    "1970",
  );
});
