import { expect, test } from "bun:test";
import { mergeDeclarations } from "../../../../lib/rules/declarations/desired.ts";
import { standingsOf } from "../../../../lib/rules/declarations/standing.ts";
import { declaration } from "../../../support/declarations.ts";

const inEtcd = (entry: number) => ({ kind: "etcd", name: "logs/a", revision: 7, entry }) as const;

test("a declaration is in force, overridden by the winner for its topic, or refused", () => {
  const file = declaration("both", { path: "/file" });
  const both = declaration("both", {}, inEtcd(0));
  const alone = declaration("alone", {}, inEtcd(1));
  const letters = declaration("dead", {}, inEtcd(2));
  const covers = declaration("a*", {}, inEtcd(3));
  const covered = declaration("both*", {}, inEtcd(4));
  const nothing = declaration("z*", {}, inEtcd(5));
  const all = [file, both, alone, letters, covers, covered, nothing];
  const standingOf = standingsOf(mergeDeclarations(all, ["both", "alone", "a1", "a2"], "dead"));

  const plain = { state: "in force", overriddenBy: null, refused: null } as const;
  expect(all.map((one) => standingOf(one))).toEqual([
    { ...plain, topics: 1 },
    { ...plain, state: "overridden", topics: 0, overriddenBy: file.source },
    { ...plain, topics: 1 },
    { ...plain, state: "refused", topics: 0, refused: expect.stringContaining("dead-letter topic") as never },
    // It covers `alone` too, which has its own declaration.
    { ...plain, topics: 2 },
    { ...plain, state: "overridden", topics: 0, overriddenBy: file.source },
    { ...plain, topics: 0 },
  ]);
});

test("a pattern with one refused topic is in force for the others", () => {
  const pattern = declaration("*", {}, inEtcd(0));
  const standingOf = standingsOf(mergeDeclarations([pattern], ["app", "Upper"], "dead"));
  expect(standingOf(pattern)).toEqual({ state: "in force", topics: 1, overriddenBy: null, refused: null });
});
