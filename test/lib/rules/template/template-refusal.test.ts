import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { matchesGlob } from "../../../../lib/rules/model/names.ts";
import {
  isDataStream,
  patternsMeet,
  refusalText,
  refusedPatterns,
} from "../../../../lib/rules/template/template-refusal.ts";

// As Elasticsearch 9.2 words them.
const template = {
  type: "illegal_argument_exception",
  reason:
    "index template [penstock] has index patterns [a, b-*, food] matching patterns from existing templates [mine,theirs] " +
    "with patterns (mine => [foo*, x],theirs => [*-2026]) that have the same priority [150], multiple index templates may " +
    "not match during index creation, please use a different priority",
};
const stream = {
  type: "illegal_argument_exception",
  reason:
    "composable template [penstock] with index patterns [a, logs-*, s], priority [150] and no data stream configuration " +
    "would cause data streams [logs-app, s] to no longer match a data stream template",
};

describe("what a refusal is about", () => {
  test("patterns that meet those of the templates it names", () => {
    expect(refusedPatterns(template, ["a", "b-*", "food", "fo", "x"])).toEqual(["b-*", "food", "x"]);
  });

  test("patterns that cover the data streams it names; one of the very name needs no template", () => {
    expect(refusedPatterns(stream, ["a", "logs-*", "s", "s-*"])).toEqual(["logs-*", "s"]);
    expect(["s", "logs-*", "a"].map((name) => isDataStream(stream, name))).toEqual([true, false, false]);
    expect(isDataStream(template, "food")).toBe(false);
  });

  test("none, where it names none", () => {
    const reason = "index_pattern [x y] must not contain a space";
    expect(refusedPatterns({ type: "validation_exception", reason }, ["a"])).toEqual([]);
  });

  test("is told with the one pattern, and otherwise as it was said", () => {
    expect(refusalText(400, template, "food")).toBe(
      "Elasticsearch answered 400 illegal_argument_exception: index template [penstock] has index pattern [food] matching " +
        "patterns from existing templates [mine,theirs] with patterns (mine => [foo*, x],theirs => [*-2026]) that have the " +
        "same priority [150], multiple index templates may not match during index creation, please use a different priority",
    );
    expect(refusalText(400, stream, "logs-*")).toContain("with index pattern [logs-*], priority [150]");
  });
});

describe("two patterns meet", () => {
  test.each([
    ["a", "a", true],
    ["a", "b", false],
    ["app-*", "app-1", true],
    ["app-*", "*-1", true],
    ["app-*", "web-*", false],
    ["*a", "*b", false],
    ["*", "*", true],
    ["a*b*c", "*bc", true],
    ["ab*", "a*", true],
    ["a*b", "ac", false],
  ])("%s and %s: %p", (a, b, meet) => {
    expect([patternsMeet(a, b), patternsMeet(b, a)]).toEqual([meet, meet]);
  });

  test("where some name is covered by both, and only there", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 5 });
    // Of the shortest names that both cover none is longer than both patterns together.
    const names = [""];
    for (const name of names) if (name.length < 8) names.push(`${name}a`, `${name}b`);
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        const covered = names.some((name) => matchesGlob(a, name) && matchesGlob(b, name));
        expect(patternsMeet(a, b)).toBe(covered);
      }),
    );
  });
});
