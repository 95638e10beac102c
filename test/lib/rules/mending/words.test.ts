import { expect, test } from "bun:test";
import { bestText, madeByWords, targetWords } from "../../../../lib/rules/mending/words.ts";
import { verdictOf } from "../../../../lib/rules/mending/verdict.ts";

const one = { outcome: "indexed", ignored: [], reason: null } as const;

test("the best change is marked with what it was compared with", () => {
  expect(bestText(verdictOf([one], [one], [one], []))).toBe("smallest that takes all");
  expect(bestText(verdictOf([], [], [one], []))).toBe(
    "smallest that takes all letters; there was no good record to compare with",
  );
});

test.each([
  [{ kind: "new", index: null }, "an index that does not exist now"],
  [{ kind: "index", index: "app" }, "index app"],
  [{ kind: "alias", index: null }, "alias app"],
  [{ kind: "alias", index: "app-000002" }, "alias app, now index app-000002"],
] as const)("a target of %j is told", (target, words) => {
  expect(targetWords(target, "app")).toBe(words);
});

test("a mapping that no template makes is told as such, with the template", () => {
  expect(madeByWords({ name: "t", mapsField: true })).toBe("template t");
  const learned = ": Elasticsearch learned it from a document, or somebody set it in the index";
  expect(madeByWords({ name: "t", mapsField: false })).toBe(`Not template t${learned}`);
  expect(madeByWords(null)).toBe(`No template${learned}`);
});
