import { expect, test } from "bun:test";
import { lineName } from "../../../../../../infra/console/app/explore/results/line-name.ts";

test("lines of one moment have names that differ, with the time as the page shows it", () => {
  const timestamp = "2026-03-04T12:00:00.123Z";
  expect(
    lineName(
      {
        timestamp,
        line: [
          ["order ", false],
          ["1", true],
          [" shipped\u202e", false],
        ],
      },
      "utc",
    ),
  ).toBe("Details of the line of 2026-03-04 12:00:00.123: order 1 shipped‹U+202E›");
  const long = lineName({ timestamp: null, line: [["x".repeat(2_000), false]] }, "local");
  expect(long).toStartWith("Details of the line of an unknown time: xx");
  expect(long.length).toBeLessThan(150);
});
