import { expect, test } from "bun:test";
import { createEventParts } from "../../../../lib/adapters/peers/event-parts.ts";

test("events end at an empty line, wherever the pieces are cut", () => {
  for (const pieces of [["a\n\nb\n\nc"], ["a\n", "\nb", "\n", "", "\nc"], ["a", "\n\nb\n\n", "c"]]) {
    const parts = createEventParts(10);
    expect(pieces.flatMap((piece) => parts.add(piece))).toEqual(["a", "b"]);
    expect(parts.add("d\n\n")).toEqual(["cd"]);
  }
});

test("an event that is too long is refused before it ends", () => {
  const parts = createEventParts(10);
  expect(parts.add("0123456789")).toEqual([]);
  expect(() => parts.add("0")).toThrow("it sends an event over 10 bytes");
});

test("a long event in small pieces takes no quadratic time", () => {
  const parts = createEventParts(4 * 1024 * 1024);
  // Searched again and again, this would be 60,000 times 300 KB.
  for (let piece = 0; piece < 60_000; piece += 1) parts.add("0123456789");
  expect(parts.add("\n\n")).toHaveLength(1);
});
