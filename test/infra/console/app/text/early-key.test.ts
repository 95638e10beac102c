import { expect, test } from "bun:test";
import { isEarly } from "../../../../../infra/console/app/text/early-key.ts";

const unknown = (): boolean => false;

test.each(["Tab", "Enter", " ", "Escape", "ArrowDown", "PageDown", "F5", "Shift", "Backspace"])(
  "%j acts on the page that is there, whatever is being loaded",
  (key) => expect(isEarly(key, false, unknown)).toBe(false),
);

test("text and shortcuts that nothing knows yet wait, with the rest of a text", () => {
  expect(["j", "/", "ß", "𝒳"].map((key) => isEarly(key, false, unknown))).toEqual([true, true, true, true]);
  expect(isEarly("g", false, () => true)).toBe(false);
  expect(isEarly("g", true, () => true)).toBe(true);
  expect(["Enter", "Tab", "Shift", " "].map((key) => isEarly(key, true, unknown))).toEqual([
    true,
    false,
    false,
    true,
  ]);
});
