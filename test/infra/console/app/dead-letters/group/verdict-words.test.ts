import { expect, test } from "bun:test";
import { bestText } from "../../../../../../infra/console/app/dead-letters/group/verdict-words.ts";
import { verdictOf } from "../../../../../../lib/rules/mending/verdict.ts";

const one = { outcome: "indexed", ignored: [], reason: null } as const;

test("the best change is marked with what it was compared with", () => {
  expect(bestText(verdictOf([one], [one], [one], []))).toBe("smallest that takes all");
  expect(bestText(verdictOf([], [], [one], []))).toBe(
    "smallest that takes all letters; there was no good record to compare with",
  );
});
