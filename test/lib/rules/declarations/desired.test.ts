import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type {
  Declaration,
  DeclarationTarget,
  SourceRef,
  TopicOptions,
} from "../../../../lib/rules/model/declaration.ts";
import { mergeDeclarations, tellExclusion } from "../../../../lib/rules/declarations/desired.ts";
import { declaration } from "../../../support/declarations.ts";

const deadLetterTopic = "penstock.dead-letters";
const file: Partial<SourceRef> = { kind: "config", name: "config.yaml" };
const key: Partial<SourceRef> = { kind: "etcd", name: "logs/a", revision: 3 };
const merge = (declarations: readonly Declaration[], kafkaTopics: readonly string[] = []) =>
  mergeDeclarations(declarations, kafkaTopics, deadLetterTopic);

const nameIn = (target: DeclarationTarget): string =>
  target.kind === "topic" ? target.topic : target.pattern;
const excluding = (
  pattern: string,
  exclude: readonly string[],
  ...rest: [options?: Partial<TopicOptions>, source?: Partial<SourceRef>]
): Declaration => ({
  ...declaration(pattern, ...rest),
  target: { kind: "pattern", pattern, exclude },
});

describe("topics of one data stream", () => {
  const streamed = (topic: string, retention: string | null, entry: number): Declaration =>
    declaration(topic, { dataStream: "logs-shared-prod", retention }, { ...key, entry });
  const retentions = (declarations: readonly Declaration[]): unknown =>
    Object.fromEntries([...merge(declarations).desired].map(([topic, { spec }]) => [topic, spec.retention]));

  test("get the longest retention, whatever their order; the others are told", () => {
    const declarations = [streamed("a", "36h", 0), streamed("b", "2d", 1), streamed("c", "48h", 2)];
    expect(merge(declarations).conflicts).toEqual([
      {
        topic: "a",
        winner: { ...declaration("").source, ...key, entry: 1 },
        loser: { ...declaration("").source, ...key, entry: 0 },
        differs: [{ field: "retention", from: "2d", to: "36h" }],
        dataStream: "logs-shared-prod",
      },
    ]);
    expect(retentions(declarations)).toEqual({ a: "2d", b: "2d", c: "2d" });
    expect(retentions(declarations.slice(0, 2).toReversed())).toEqual({ a: "2d", b: "2d" });
  });

  test("get none if one of them declares none: it asked to keep everything", () => {
    expect(retentions([streamed("a", "30d", 0), streamed("b", null, 1)])).toEqual({ a: null, b: null });
  });

  test("do not concern topics of other streams", () => {
    const other = declaration("c", { dataStream: "logs-other-prod", retention: "1d" });
    expect(retentions([streamed("a", "30d", 0), other])).toEqual({ a: "30d", c: "1d" });
  });
});

test("a pattern's topic that does not fit into the name of its data stream is refused alone", () => {
  const { desired, refused } = merge([declaration("*", { dataStream: "logs-{topic}" })], ["App", "web"]);
  expect([...desired.keys()]).toEqual(["web"]);
  expect(refused.map(({ reason }) => reason)).toEqual([
    'topic "App", covered by pattern "*": its data stream "logs-App" cannot be used as the name of an Elasticsearch data stream (lower case, not starting with - _ + or ., at most 233 bytes): declare another dataStream',
  ]);
});

describe("precedence", () => {
  test("a topic declared twice appears once, from the first declaration, with both sources", () => {
    const first = declaration("app", { pipeline: "a" }, { ...file, entry: 0 });
    const second = declaration("app", { pipeline: "b" }, { ...key, entry: 4 });
    const { desired, conflicts } = merge([first, second]);
    expect([...desired.keys()]).toEqual(["app"]);
    expect(desired.get("app")).toMatchObject({
      spec: { pipeline: "a" },
      sources: [first.source, second.source],
    });
    expect(conflicts).toEqual([
      {
        topic: "app",
        winner: first.source,
        loser: second.source,
        differs: [{ field: "pipeline", from: "a", to: "b" }],
      },
    ]);
  });

  test("the winner is used whole, with nothing of the loser mixed in", () => {
    const { desired } = merge([
      declaration("app", { path: "/a" }, file),
      declaration("app", { format: "json", pipeline: "p" }, key),
    ]);
    expect(desired.get("app")?.spec).toMatchObject({ path: "/a", format: "text", pipeline: null });
  });

  test("an exact name wins over an earlier pattern", () => {
    const pattern = declaration("app-*", { format: "json" }, file);
    const exact = declaration("app-one", {}, key);
    const { desired, conflicts } = merge([pattern, exact], ["app-one", "app-two"]);
    expect(desired.get("app-one")).toMatchObject({
      spec: { format: "text" },
      sources: [exact.source, pattern.source],
    });
    expect(desired.get("app-two")?.spec.format).toBe("json");
    expect(conflicts.map(({ topic }) => topic)).toEqual(["app-one"]);
  });

  test("equal declarations do not conflict", () => {
    const { desired, conflicts } = merge([declaration("app", {}, file), declaration("app", {}, key)]);
    expect(desired.get("app")?.sources).toHaveLength(2);
    expect(conflicts).toEqual([]);
  });

  test("a topic that moves from an index to a data stream differs in both", () => {
    const { conflicts } = merge([declaration("app", { dataStream: "s" }, file), declaration("app", {}, key)]);
    expect(conflicts[0]?.differs).toEqual([
      { field: "index", from: "s", to: "app" },
      { field: "dataStream", from: "s", to: null },
    ]);
  });

  test("nor do those that name the same index in two ways", () => {
    const declarations = [declaration("app"), declaration("app", { index: "app" })];
    expect(merge([...declarations, declaration("a*", { index: "{topic}" })], ["app"]).conflicts).toEqual([]);
  });
});

describe("a path is a machine's:", () => {
  const from = (name: string): Partial<SourceRef> => ({ ...key, name });
  const pathOf = (...declarations: Declaration[]): unknown => {
    const { desired, conflicts } = merge(declarations, ["app"]);
    expect(conflicts).toEqual([]);
    const { spec, paths } = desired.get("app") ?? {};
    return paths === undefined ? spec?.path : paths.map(({ path, source }) => [source.name, path]);
  };

  test("declarations that differ in it alone are no conflict, and leave it to the record's header", () => {
    const [one, two] = [
      declaration("app", { path: "/a" }, from("1")),
      declaration("app", { path: "/b" }, from("2")),
    ];
    expect(merge([one, two]).desired.get("app")?.spec.path).toBeNull();
    expect(pathOf(one, two)).toEqual([
      ["1", "/a"],
      ["2", "/b"],
    ]);
  });

  test("what all of them say holds; one without a path says nothing about it", () => {
    const one = declaration("app", { path: "/a" }, from("1"));
    expect(pathOf(one, declaration("app", { path: "/a" }, from("2")))).toBe("/a");
    expect(pathOf(declaration("app", {}, from("0")), one)).toBe("/a");
    expect(pathOf(one, declaration("app", {}, from("2")))).toBe("/a");
    expect(pathOf(declaration("app", {}, from("0")))).toBeNull();
  });

  test("a pattern's is not that of the topic's own declaration, and two patterns are not of one machine group", () => {
    const pattern = declaration("a*", { path: "/pattern" }, from("2"));
    expect(pathOf(declaration("app", { path: "/a" }, from("1")), pattern)).toBe("/a");
    expect(pathOf(declaration("app", {}, from("1")), pattern)).toBeNull();
    expect(pathOf(declaration("ap*", { path: "/first" }, from("1")), pattern)).toBe("/first");
    expect(pathOf(pattern, declaration("a*", { path: "/other" }, from("3")))).toEqual([
      ["2", "/pattern"],
      ["3", "/other"],
    ]);
  });

  test("among other differences, only those are the conflict", () => {
    const { conflicts } = merge([
      declaration("app", { path: "/a" }, from("1")),
      declaration("app", { path: "/b", format: "json" }, from("2")),
    ]);
    expect(conflicts.map(({ differs }) => differs)).toEqual([
      [{ field: "format", from: "text", to: "json" }],
    ]);
  });
});

describe("a pattern", () => {
  test("covers existing topics, but neither internal nor dead-letter topics", () => {
    const topics = ["app", "__consumer_offsets", deadLetterTopic, "zoo"];
    expect([...merge([declaration("*")], topics).desired.keys()]).toEqual(["app", "zoo"]);
    expect(merge([declaration("*")]).desired.size).toBe(0);
  });

  test("without an index refuses topics whose names are not valid index names", () => {
    const { desired, refused } = merge([declaration("*")], ["App", "app"]);
    expect([...desired.keys()]).toEqual(["app"]);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ name: "App", lastGoodKept: false });
    expect(refused[0]?.reason).toContain('topic "App", covered by pattern "*"');
  });

  test("leaves out what it excludes, unless another declaration covers it; each topic counts at its first glob", () => {
    const source = { ...key, entry: 2 };
    const topics = ["app-a", "app-debug-1", "app-debug-2", "app-x"];
    const exclude = ["*-1", "app-debug-*", "zoo"];
    const { desired, excluded, conflicts } = merge(
      [
        excluding("app-*", exclude, { format: "json" }, source),
        declaration("app-debug-2"),
        excluding("*-x", ["app-x"]),
      ],
      topics,
    );
    expect([...desired].map(([topic, { spec }]) => [topic, spec.format])).toEqual([
      ["app-debug-2", "text"],
      ["app-a", "json"],
      ["app-x", "json"],
    ]);
    // An excluded topic is not covered, so it is no conflict.
    expect(conflicts).toEqual([]);
    expect(excluded).toMatchObject([
      {
        source,
        pattern: "app-*",
        covered: 2,
        globs: [
          { glob: "*-1", topics: ["app-debug-1"] },
          { glob: "app-debug-*", topics: ["app-debug-2"] },
          { glob: "zoo", topics: [] },
        ],
      },
      { pattern: "*-x", covered: 0, globs: [{ glob: "app-x", topics: ["app-x"] }] },
    ]);
    expect(tellExclusion({ ...excluded[0], globs: [{ glob: "*", topics }] } as never).globs).toEqual([
      { glob: "*", topics: 4, first: ["app-a", "app-debug-1", "app-debug-2"] },
    ]);
  });

  test("refuses no topic that is declared by name", () => {
    const { desired, refused } = merge([declaration("*"), declaration("App", { index: "app" })], ["App"]);
    expect(desired.get("App")?.spec.index).toBe("app");
    expect(refused).toEqual([]);
  });
});

test("refuses the dead-letter topic even by name, since its records would return to it", () => {
  const { desired, refused } = merge([declaration(deadLetterTopic, {}, key), declaration("app")]);
  expect([...desired.keys()]).toEqual(["app"]);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ name: deadLetterTopic, lastGoodKept: false });
});

test("for each topic the first exact declaration wins, else the first pattern, and no other topic appears", () => {
  const name = fc.constantFrom("a-1", "a-2", "b-1", "gone", "a-*", "*-1", "?-2");
  const options = fc.record({
    path: fc.constantFrom(null, "/x", "/y"),
    pipeline: fc.constantFrom(null, "x"),
    startAt: fc.constantFrom("earliest", "latest"),
    exclude: fc.subarray(["a-1", "b-1", "zoo"]),
  });
  const kafkaTopics = ["a-1", "a-2", "b-1", "c-9"];
  const matches: Record<string, readonly string[]> = {
    "a-*": ["a-1", "a-2"],
    "*-1": ["a-1", "b-1"],
    "?-2": ["a-2"],
  };
  fc.assert(
    fc.property(fc.array(fc.tuple(name, options), { maxLength: 10 }), (entries) => {
      const declarations = entries.map(([name, { exclude, ...options }], entry) =>
        name.includes("*") || name.includes("?")
          ? excluding(name, exclude, options, { entry })
          : declaration(name, options, { entry }),
      );
      const { desired, conflicts, refused } = merge(declarations, kafkaTopics);
      for (const topic of [...kafkaTopics, "gone"]) {
        const exact = declarations.filter((_, at) => entries[at]?.[0] === topic);
        const covering = declarations.filter(
          ({ target }, at) =>
            matches[entries[at]?.[0] ?? ""]?.includes(topic) &&
            !(target.kind === "pattern" && target.exclude?.includes(topic)),
        );
        const ranked = [...exact, ...covering];
        expect(desired.get(topic)?.sources ?? []).toEqual(ranked.map(({ source }) => source));
        const [winner, ...losers] = ranked;
        if (winner === undefined) continue;
        expect(desired.get(topic)?.spec).toMatchObject({
          pipeline: winner.options.pipeline,
          startAt: winner.options.startAt,
        });
        const differing = losers.filter(
          ({ options: { pipeline, startAt } }) =>
            pipeline !== winner.options.pipeline || startAt !== winner.options.startAt,
        );
        const paths = ranked.flatMap(({ target, options }) =>
          nameIn(target) === nameIn(winner.target) ? (options.path ?? []) : [],
        );
        expect(desired.get(topic)?.spec.path).toBe(new Set(paths).size === 1 ? (paths[0] ?? null) : null);
        expect(conflicts.filter((conflict) => conflict.topic === topic).map(({ loser }) => loser)).toEqual(
          differing.map(({ source }) => source),
        );
      }
      expect(desired.has("c-9")).toBe(false);
      expect(refused).toEqual([]);
    }),
  );
});
