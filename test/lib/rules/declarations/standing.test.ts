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
    // Their paths alone differ.
    { ...plain, state: "overridden", topics: 0, overriddenBy: file.source, alike: true },
    { ...plain, topics: 1 },
    { ...plain, state: "refused", topics: 0, refused: expect.stringContaining("dead-letter topic") as never },
    // It covers `alone` too, which has its own declaration.
    { ...plain, topics: 2 },
    { ...plain, state: "overridden", topics: 0, overriddenBy: file.source, alike: true },
    { ...plain, topics: 0 },
  ]);
});

test("several machines' declarations of one topic are alike if only their paths differ, which is said", () => {
  const web1 = declaration("app", { path: "/a" }, { ...inEtcd(0), name: "logs/web-1" });
  const web2 = declaration("app", { path: "/b" }, { ...inEtcd(0), name: "logs/web-2" });
  const plain = declaration("app", {}, { ...inEtcd(0), name: "logs/web-3" });
  const other = declaration("app", { path: "/a", format: "json" }, { ...inEtcd(0), name: "logs/web-4" });
  const all = [web1, web2, plain, other];
  const standingOf = standingsOf(mergeDeclarations(all, [], "dead"));
  const over = { state: "overridden", topics: 0, overriddenBy: web1.source, refused: null } as const;
  expect(all.map((one) => standingOf(one))).toEqual([
    { state: "in force", topics: 1, overriddenBy: null, refused: null, pathVaries: true },
    { ...over, alike: true, pathVaries: true },
    { ...over, alike: true },
    { ...over, pathVaries: true },
  ]);
});

test("a pattern with one refused topic is in force for the others", () => {
  const pattern = declaration("*", {}, inEtcd(0));
  const standingOf = standingsOf(mergeDeclarations([pattern], ["app", "Upper"], "dead"));
  expect(standingOf(pattern)).toEqual({ state: "in force", topics: 1, overriddenBy: null, refused: null });
});

test("a retention that does not count, because another topic of the stream keeps documents longer, is named", () => {
  const shared = { dataStream: "logs-app" };
  const long = declaration("long", { ...shared, retention: "90d" });
  const short = declaration("short*", { ...shared, retention: "30d" }, inEtcd(0));
  const same = declaration("same", { ...shared, retention: "2160h" }, inEtcd(1));
  const all = [long, short, same];
  const standingOf = standingsOf(mergeDeclarations(all, ["long", "short1", "short2", "same"], "dead"));
  const overruled = { dataStream: "logs-app", retention: "90d", by: long.source };
  const inForce = { state: "in force", overriddenBy: null, refused: null } as const;
  expect(all.map((one) => standingOf(one))).toEqual([
    { ...inForce, topics: 1 },
    { ...inForce, topics: 2, overruled },
    { ...inForce, topics: 1 },
  ]);
  // A topic that two declare alike differs from its own winner, and not from the stream's.
  const twice = declaration("long", { ...shared, retention: "1d" }, inEtcd(2));
  const standing = standingsOf(mergeDeclarations([long, twice], ["long"], "dead"))(twice);
  expect(standing).toEqual({
    state: "overridden",
    topics: 0,
    overriddenBy: long.source,
    refused: null,
  });
});
