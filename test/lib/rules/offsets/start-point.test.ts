import { expect, test } from "bun:test";
import { futureFault, momentOf, parseStartPoint } from "../../../../lib/rules/offsets/start-point.ts";

const now = Date.UTC(2026, 10, 30, 12);

test.each([
  ["earliest", null],
  ["latest", null],
  ["2026-11-28T10:00:00Z", Date.UTC(2026, 10, 28, 10)],
  ["2026-11-28T10:00Z", Date.UTC(2026, 10, 28, 10)],
  ["2026-11-28T10:00:00.250+01:00", Date.UTC(2026, 10, 28, 9) + 250],
  ["-90s", now - 90_000],
  ["-2h", now - 7_200_000],
  ["-30d", now - 30 * 86_400_000],
  ["-999999d", 0],
])("%s is a place to start", (text, expected) => {
  const point = parseStartPoint(text);
  expect(point).not.toBeNull();
  expect(point === null ? undefined : momentOf(point, now)).toBe(expected);
});

test.each([
  "",
  "now",
  "2h",
  "-2",
  "-2w",
  "2026-11-28",
  "2026-11-28T10:00:00",
  "2026-02-30T10:00:00Z",
  "17",
  "Latest",
])("%p is none", (text) => expect(parseStartPoint(text)).toBeNull());

test("a time in the future is refused with the time that it is", () => {
  expect(futureFault("2026-11-30T12:00:01Z", now)).toBe(
    "is in the future: it is 2026-11-30T12:00:00.000Z now",
  );
  for (const text of ["2026-11-30T12:00:00Z", "latest", "-1s"]) expect(futureFault(text, now)).toBeNull();
});
