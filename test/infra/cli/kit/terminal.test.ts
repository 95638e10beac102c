import { expect, test } from "bun:test";
import { createPaint, hasColours, isLive } from "../../../../infra/cli/kit/terminal.ts";

test("colours are used only on a terminal that is not dumb, without NO_COLOR", () => {
  expect(hasColours({ isTTY: true }, {})).toBe(true);
  expect(hasColours({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
  expect(hasColours({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(hasColours({ isTTY: true }, { TERM: "dumb" })).toBe(false);
  expect(hasColours({}, {})).toBe(false);
  expect(isLive({ isTTY: true }, { NO_COLOR: "1" })).toBe(true);
});

test("paint does not change text without colours", () => {
  expect(createPaint(false)("red", "x")).toBe("x");
  expect(createPaint(true)("red", "x")).toBe("\u001B[31mx\u001B[0m");
});
