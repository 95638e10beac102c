import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { matchesGlob } from "../../../../lib/rules/model/names.ts";
import {
  isDataStream,
  patternsMeet,
  refusalText,
  refusedPatterns,
} from "../../../../lib/rules/template/template-refusal.ts";

// Texts of Elasticsearch 9.2.
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

describe("a refusal is about", () => {
  test("patterns that overlap those of the templates it names", () => {
    expect(refusedPatterns(template, ["a", "b-*", "food", "fo", "x"])).toEqual(["b-*", "food", "x"]);
  });

  test("patterns that cover the data streams it names; a data stream's exact name needs no template", () => {
    expect(refusedPatterns(stream, ["a", "logs-*", "s", "s-*"])).toEqual(["logs-*", "s"]);
    expect(["s", "logs-*", "a"].map((name) => isDataStream(stream, name))).toEqual([true, false, false]);
    expect(isDataStream(template, "food")).toBe(false);
  });

  test("no pattern if it names none", () => {
    const reason = "index_pattern [x y] must not contain a space";
    expect(refusedPatterns({ type: "validation_exception", reason }, ["a"])).toEqual([]);
  });

  test("one pattern, and is shown with it and otherwise unchanged", () => {
    expect(refusalText(400, template, "food")).toBe(
      "Elasticsearch answered 400 illegal_argument_exception: index template [penstock] has index pattern [food] matching " +
        "patterns from existing templates [mine,theirs] with patterns (mine => [foo*, x],theirs => [*-2026]) that have the " +
        "same priority [150], multiple index templates may not match during index creation, please use a different priority",
    );
    expect(refusalText(400, stream, "logs-*")).toContain("with index pattern [logs-*], priority [150]");
  });
});

describe("two patterns overlap", () => {
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

  test("if and only if some name matches both", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 5 });
    // The shortest name that matches both is never longer than both patterns together.
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
