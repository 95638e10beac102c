import { expect, test } from "bun:test";
import { assert, property, string } from "fast-check";
import { visibleText } from "../../../../../infra/console/app/text/visible-text.ts";
import { anyCharacter } from "../../../../support/any-text.ts";

test.each([
  ["plain, äöü, 漢字, 🎉", "plain, äöü, 漢字, 🎉"],
  ["\u001b[31mred\u001b[0m", "␛[31mred␛[0m"],
  ["a\0b\tc\nd\r\u007f", "a␀b␉c␊d␍␡"],
  ["user\u202etxt.exe\u2066", "user‹U+202E›txt.exe‹U+2066›"],
  ["no\u200bwidth\ufeff\u00ad", "no‹U+200B›width‹U+FEFF›‹U+00AD›"],
  ["\u0085\u009b\u2028\u2029", "‹U+0085›‹U+009B›‹U+2028›‹U+2029›"],
  ["half \ud83c pair", "half ‹U+D83C› pair"],
  ["from Windows\r", "from Windows"],
  ["👨\u200d👩\u200d👧\ufe0f می\u200cخواهم क्\u200dष", "👨\u200d👩\u200d👧\ufe0f می\u200cخواهم क्\u200dष"],
  ["pay\u200dment \u200c", "pay‹U+200D›ment ‹U+200C›"],
  ["<script>alert(1)</script>", "<script>alert(1)</script>"],
])("%j is shown as %j", (text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test("what is to be kept is kept", () => {
  expect(visibleText("one\ntwo\tthree\0", "\n\t")).toBe("one\ntwo\tthree␀");
  expect(visibleText("one\r\ntwo\rthree\r\n", "\n")).toBe("one\ntwo␍three\n");
});

test("nothing that acts is left, and shown text is shown as it is", () => {
  assert(
    property(string({ unit: anyCharacter }), (text) => {
      const shown = visibleText(text);
      expect(shown.replaceAll(/[\u200c\u200d]/g, "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(visibleText(shown)).toBe(shown);
    }),
  );
});
