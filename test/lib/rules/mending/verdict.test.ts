import { expect, test } from "bun:test";
import { helps, verdictOf } from "../../../../lib/rules/mending/verdict.ts";
import type { TriedOutcome } from "../../../../lib/rules/trial/tried.ts";

const one = (outcome: TriedOutcome, ignored: readonly string[] = []) => ({
  outcome,
  ignored,
  reason: outcome === "indexed" ? null : { type: "t", text: `why ${outcome}`, field: null },
});

test("letters are accepted, in part, refused or unknown; good records are compared with what happens now", () => {
  const before = [
    one("indexed"),
    one("indexed", ["a", "b"]),
    one("dead-lettered"),
    one("indexed"),
    one("indexed"),
  ];
  const after = [one("indexed"), one("indexed", ["b", "a"]), one("indexed"), one("gave-way"), one("waits")];
  const letters = [one("indexed"), one("indexed", ["n"]), one("gave-way"), one("skipped"), one("unknown")];
  const verdict = verdictOf(before, after, letters, []);
  expect(verdict).toEqual({
    letters: { tried: 5, accepted: 1, partly: 2, refused: 1, unknown: 1 },
    good: { tried: 4, unchanged: 2, changed: 1, refused: 1, unknown: 0 },
    reason: "why skipped",
    notes: [],
  });
  expect(helps(verdict)).toBe(false);
});

test("a change helps if it takes every letter and leaves good records as they are", () => {
  const good = [one("indexed")];
  expect(helps(verdictOf(good, good, [one("indexed", ["n"])], []))).toBe(true);
  expect(helps(verdictOf(good, [one("gave-way")], [one("indexed")], []))).toBe(false);
  expect(helps(verdictOf(good, good, [], []))).toBe(false);
});
