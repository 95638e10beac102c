import { expect, test } from "bun:test";
import { createNarrator, excerpt } from "../../../infra/demo/narrator.ts";

function told(options: { colour?: boolean; live?: boolean; columns?: number }) {
  let text = "";
  const lines: string[] = [];
  const clock = { ms: 0 };
  const narrator = createNarrator(
    { ...(options.columns && { columns: options.columns }), write: (part) => (text += part) },
    {
      colour: options.colour ?? false,
      live: options.live ?? false,
      now: () => clock.ms,
      onLine: (line) => lines.push(line),
    },
  );
  return { narrator, lines, clock, text: () => text };
}

test("without a terminal, it writes plain lines and no waiting line", () => {
  const { narrator, text, lines } = told({});
  narrator.waiting("waiting");
  narrator.passed("it came", "as it should");
  narrator.failed("it went");
  expect(text()).toBe("  ✓ it came\n    as it should\n  ✗ it went\n");
  expect(lines).toEqual(["  ✓ it came", "    as it should", "  ✗ it went"]);
});

test("on a terminal, the waiting line shows the seconds, fits, and is cleared", () => {
  const { narrator, text, lines, clock } = told({ live: true, columns: 20 });
  narrator.waiting("1 line");
  clock.ms = 2_500;
  narrator.waiting("2 lines");
  narrator.waiting("2 lines that are too many to fit");
  narrator.passed("it came");
  const clear = "\r\x1b[2K";
  const shown = ["  · 1 line", "  · 2 lines · 2 s", "  · 2 lines that ar", "  ✓ it came\n"];
  expect(text()).toBe(shown.map((line) => clear + line).join(""));
  expect(lines).toEqual(["  ✓ it came"]);
});

test("only the output has colours", () => {
  const { narrator, text, lines } = told({ colour: true });
  narrator.passed("it came");
  expect(text()).toBe("  \x1b[32m✓\x1b[0m it came\n");
  expect(lines).toEqual(["  ✓ it came"]);
});

test("log text cannot move the cursor or reverse the line", () => {
  expect(excerpt("a\x1b[2Jb\r\nc\u202ed\u2028e\t", "a", 20)).toBe("a [2Jb c d e");
});

test.each([
  ["started, and more of it", "started,…"],
  ["what was said before it started", "… started"],
  ["before, Started, and after it", "…Started,…"],
  ["the word is not in here at all", "the word…"],
])("a long line is cut around the word: %s", (text, expected) => {
  expect(excerpt(text, "started", 10)).toBe(expected);
  expect(expected.length).toBeLessThanOrEqual(10);
});
