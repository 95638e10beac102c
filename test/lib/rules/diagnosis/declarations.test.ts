import { expect, test } from "bun:test";
import { mergeDeclarations } from "../../../../lib/rules/declarations/desired.ts";
import { judgeDeclarations } from "../../../../lib/rules/diagnosis/declarations.ts";
import { parseEtcdValue } from "../../../../lib/rules/declarations/etcd-value.ts";

/** As declared by an etcd key. */
function said(key: string, ...entries: unknown[]) {
  return parseEtcdValue(JSON.stringify(entries), { name: key, revision: 1 }, [], "dead");
}

function judged(...sources: ReturnType<typeof said>[]) {
  return judgedWith([], ...sources);
}

function judgedWith(kafkaTopics: readonly string[], ...sources: ReturnType<typeof said>[]) {
  const declarations = sources.flatMap((source) => source.declarations);
  const merged = mergeDeclarations(declarations, kafkaTopics, "dead");
  return judgeDeclarations({
    declarations,
    refused: sources.flatMap((source) => source.refused),
    conflicts: merged.conflicts,
    excluded: merged.excluded,
    idlePatterns: null,
  });
}

test("nothing declared is a warning", () => {
  expect(judged()).toMatchObject([{ state: "warning", seen: "no topic is declared" }]);
});

test("a refused entry is a failure with its reason; the others are used", () => {
  expect(judged(said("k", "a", { topic: 1 }))).toMatchObject([
    { state: "ok", seen: "1 declaration accepted" },
    { state: "failed", seen: expect.stringContaining('etcd key "k", entry 2') },
  ]);
});

test("conflicting and identical declarations are warnings", () => {
  const conflict = judged(
    said("k", { topic: "a", format: "json" }),
    said("l", { topic: "a", format: "text" }),
  );
  expect(conflict).toMatchObject([
    { state: "ok" },
    {
      state: "warning",
      name: "topic a",
      seen: 'declared twice, differently (format): etcd key "k" takes precedence over etcd key "l"',
    },
  ]);
  expect(judged(said("k", "a"), said("l", "a"))).toMatchObject([
    { state: "ok" },
    { state: "warning", seen: 'declared 2 times identically: etcd key "k", etcd key "l"' },
  ]);
});

test("a retention that another topic of the same data stream overrules is a warning", () => {
  const checks = judged(
    said("k", { topic: "a", dataStream: "s", retention: "7d" }),
    said("l", { topic: "b", dataStream: "s", retention: "30d" }),
  );
  expect(checks).toMatchObject([
    { state: "ok" },
    {
      state: "warning",
      name: "topic a",
      seen: 'its retention does not count: another topic of data stream s, declared in etcd key "l", keeps documents longer',
    },
  ]);
});

test("a pattern that matches nothing is a warning", () => {
  const { declarations } = said("k", { pattern: "app-*" });
  const facts = { declarations, refused: [], conflicts: [], excluded: [] };
  expect(judgeDeclarations({ ...facts, idlePatterns: ["app-*"] })[1]).toMatchObject({
    state: "warning",
    name: "pattern app-*",
  });
});

test("what a pattern excludes is told once, however many topics it is; nothing left is a warning", () => {
  const topics = ["app-a", ...Array.from({ length: 1_000 }, (_, at) => `app-debug-${at}`)];
  const declared = said("k", { pattern: "app-*", exclude: ["app-debug-*", "app-x"] });
  expect(judgedWith(topics, declared)).toMatchObject([
    { state: "ok" },
    {
      state: "ok",
      name: "exclude of pattern app-*",
      seen: "app-debug-* leaves out 1,000 topics, app-x leaves out 0 topics; it covers 1 other",
    },
  ]);
  expect(judgedWith(topics.slice(1), declared)[1]).toMatchObject({
    state: "warning",
    seen: "nothing is left: app-debug-* leaves out 1,000 topics, app-x leaves out 0 topics",
  });
  expect(judgedWith([], declared)).toHaveLength(1);
});

test("a topic that machines declare with different paths is told once, without a conflict and without all names", () => {
  const machines = Array.from({ length: 200 }, (_, at) =>
    said(`logs/${at}`, { topic: "app", path: at < 100 ? "/a" : "/b" }),
  );
  const checks = judged(...machines);
  expect(checks).toHaveLength(2);
  expect(checks[1]).toMatchObject({ state: "warning", name: "topic app" });
  expect(checks[1]?.seen).toStartWith(
    'declared 200 times with different paths (/a, /b): etcd key "logs/0", ',
  );
  expect(checks[1]?.seen).toEndWith(
    "and 180 more; log.file.path is only set from a record's header of that name",
  );
});
