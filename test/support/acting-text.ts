import * as fc from "fast-check";
import { anyCharacter } from "./any-text.ts";

/** Characters that foreign text must not bring to a terminal: control, direction and other format characters, line separators. */
export const acting =
  // eslint-disable-next-line eslint/no-control-regex -- this pattern is meant to find them
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** Any text, with many such characters. */
export const actingText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "\u001b[2J",
      "\u001b]0;x\u0007",
      "\u009b",
      "\r",
      "\n",
      "\t",
      "\b",
      "\u202e",
      "\u2065",
      "\u2066",
      "\u200f",
      "\u061c",
      "\u2028",
      "\u007f",
    ),
    fc.string({ unit: anyCharacter, maxLength: 3 }),
  ),
});
