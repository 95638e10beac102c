import { expect, test } from "bun:test";
import { createPaint, hasColours, isLive } from "../../../../infra/cli/kit/terminal.ts";

test("colours only on a terminal that is not dumb, and without NO_COLOR", () => {
  expect(hasColours({ isTTY: true }, {})).toBe(true);
  expect(hasColours({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
  expect(hasColours({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(hasColours({ isTTY: true }, { TERM: "dumb" })).toBe(false);
  expect(hasColours({}, {})).toBe(false);
  expect(isLive({ isTTY: true }, { NO_COLOR: "1" })).toBe(true);
});

test("paint leaves text as it is where there are no colours", () => {
  expect(createPaint(false)("red", "x")).toBe("x");
  expect(createPaint(true)("red", "x")).toBe("\u001B[31mx\u001B[0m");
});
