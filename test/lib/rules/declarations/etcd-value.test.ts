import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseEtcdValue, type ParsedDeclarations } from "../../../../lib/rules/declarations/etcd-value.ts";
import type { Declaration } from "../../../../lib/rules/model/declaration.ts";
import { cpuMs } from "../../../support/cpu-time.ts";
import { defaultOptions } from "../../../support/declarations.ts";
import { rounds } from "../../../support/rounds.ts";

const name = "logs/a";
const deadLetters = "penstock.dead-letters";

function parse(value: unknown, previous: readonly Declaration[] = [], revision = 7): ParsedDeclarations {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return parseEtcdValue(text, { name, revision }, previous, deadLetters);
}

function names({ declarations }: ParsedDeclarations): string[] {
  return declarations.map(({ target }) => (target.kind === "topic" ? target.topic : target.pattern));
}

test("an array of declarations, long and short", () => {
  const { declarations, refused } = parse([
    { topic: "a", path: "/a.log", index: null },
    "b",
    { pattern: "c-*" },
  ]);
  expect(refused).toEqual([]);
  const at = (entry: number) => ({ kind: "etcd", name, revision: 7, entry }) as const;
  expect(declarations).toEqual([
    { target: { kind: "topic", topic: "a" }, options: { ...defaultOptions, path: "/a.log" }, source: at(0) },
    { target: { kind: "topic", topic: "b" }, options: defaultOptions, source: at(1) },
    { target: { kind: "pattern", pattern: "c-*" }, options: defaultOptions, source: at(2) },
  ]);
  expect(parse([])).toEqual({ declarations: [], refused: [] });
});

const topicRule = "is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -)";

describe("one bad entry is refused with place, value and rule, while the others are accepted", () => {
  test.each([
    [{ topic: "a b" }, `topic "a b" ${topicRule}`],
    ["../..", `"../.." ${topicRule}`],
    ["*", `"*" ${topicRule}`],
    ["😀", `"😀" ${topicRule}`],
    ["x".repeat(300), `"${"x".repeat(100)}…" ${topicRule}`],
    [{ topic: 5 }, "topic 5 is not a string: put it in quotes"],
    [5, "5 is not a string: put it in quotes"],
    [null, "null is neither a topic name nor a mapping"],
    [[], "(a list) is neither a topic name nor a mapping"],
    [{}, "needs a topic or a pattern"],
    ["__proto__", '"__proto__" is an internal Kafka topic (__*), which is not moved'],
    [deadLetters, `"${deadLetters}" is the dead-letter topic, which is not moved`],
    [{ topic: "c", formt: "json" }, 'field formt is unknown; did you mean "format"?'],
    [
      { topic: "c", format: "xml", startAt: 1 },
      'startAt 1 is not a string: put it in quotes; format "xml" is not one of text or json',
    ],
    [{ topic: "c", timestamp: "t" }, 'timestamp "t" needs format: json'],
    [
      { topic: "c", format: "json", timestamp: ["t", "t"] },
      'timestamp[1] "t" is already listed at timestamp[0]',
    ],
    [
      { topic: "c", index: ".c" },
      'index ".c" is not an Elasticsearch index name (lower case, no \\ / * ? " < > | , # : or white space, not starting with - _ + or ., at most 255 bytes)',
    ],
    [
      { topic: "C" },
      'topic "C" cannot be used as an Elasticsearch index name (lower case, not starting with - _ + or ., at most 255 bytes): declare an index',
    ],
  ])("%j", (entry, reason) => {
    const result = parse(["a", entry, "b"]);
    expect(names(result)).toEqual(["a", "b"]);
    expect(result.refused.map((refusal) => refusal.reason)).toEqual([
      `etcd key "logs/a", entry 2: ${reason}`,
    ]);
    expect(result.refused[0]).toMatchObject({
      source: { kind: "etcd", name, revision: 7, entry: 1 },
      lastGoodKept: false,
    });
  });

  test("a hostile field name", () => {
    const result = parse('[{"topic":"a","__proto__":{"path":"/x"}}]');
    expect(result.declarations).toMatchObject([{ options: { path: null }, ignored: ["__proto__"] }]);
  });
});

test("a data stream and its retention", () => {
  expect(parse([{ topic: "a", dataStream: "logs-{topic}-prod", retention: "30d" }])).toMatchObject({
    declarations: [{ options: { index: null, dataStream: "logs-{topic}-prod", retention: "30d" } }],
    refused: [],
  });
});

describe("fields of the agent that shares the key", () => {
  test.each<[object, object, string[]]>([
    [{ service: "pay", send_rate: 100, id: null }, { path: null }, ["service", "send_rate"]],
    [{ log_path: "/a.log" }, { path: "/a.log" }, []],
    [{ filepath: "/a.log", service: "pay" }, { path: "/a.log" }, ["service"]],
    [{ filePath: "/a.log", logPath: "/b.log" }, { path: "/a.log" }, ["logPath"]],
    [{ log_path: "/b.log", path: "/a.log" }, { path: "/a.log" }, ["log_path"]],
  ])("%j", (fields, options, ignored) => {
    const { declarations, refused } = parse([{ topic: "a", ...fields }]);
    expect(refused).toEqual([]);
    expect(declarations.map((one) => [one.options, one.ignored ?? []])).toEqual([
      [expect.objectContaining(options), ignored],
    ]);
  });

  test.each([
    [{ idnex: "x" }, 'field idnex is unknown; did you mean "index"?'],
    [{ overflow: "flatten" }, 'field overflow is unknown; it is now called "rejected"'],
    [{ data_stream: "x" }, 'field data_stream is unknown; did you mean "dataStream"?'],
    [{ dataStream: "x", retentoin: "3d" }, 'field retentoin is unknown; did you mean "retention"?'],
    [{ retention: "3d" }, 'retention "3d" needs dataStream: an index has no retention'],
    [{ Path: "/x" }, 'field Path is unknown; did you mean "path"?'],
    [{ log_path: 7 }, "path 7 is not a string: put it in quotes"],
  ])("a slip stays refused: %j", (fields, reason) => {
    expect(parse([{ topic: "a", ...fields }]).refused.map((one) => one.reason)).toEqual([
      `etcd key "logs/a", entry 1: ${reason}`,
    ]);
  });
});

test("the first valid entry of a topic wins", () => {
  const result = parse([{ topic: "a", format: "xml" }, "a", { topic: "a", path: "/2" }]);
  expect(result.declarations.map(({ source }) => source.entry)).toEqual([1]);
  expect(result.refused.map(({ reason, name, lastGoodKept }) => [reason, name, lastGoodKept])).toEqual([
    ['etcd key "logs/a", entry 1: format "xml" is not one of text or json', "a", false],
    ['etcd key "logs/a", entry 3: topic "a" is already declared by entry 2', "a", false],
  ]);
});

describe("last good", () => {
  const before = parse(
    [
      { topic: "a", path: "/1" },
      { topic: "b", path: "/2" },
    ],
    [],
    6,
  ).declarations;

  test.each([
    ["", '"" is not JSON'],
    ["[", '"[" is not JSON'],
    ["{}", '"{}" is not a JSON array of declarations'],
    [`"${"x".repeat(1_600_000)}"`, "the value is larger than 1.5 MiB"],
    [JSON.stringify(Array(10_001).fill("a")), "the array has more than 10000 entries"],
  ])("%.10s as a whole value keeps everything", (value, rule) => {
    const result = parse(value, before);
    expect(result.declarations).toEqual([...before]);
    expect(result.refused).toEqual([
      {
        source: { kind: "etcd", name, revision: 7 },
        name: null,
        reason: `etcd key "logs/a": ${rule}`,
        lastGoodKept: true,
      },
    ]);
  });

  test("an entry is recognized by its name in any position", () => {
    const { declarations, refused } = parse(["c", { topic: "b", format: "xml" }, "a"], before);
    expect(declarations.map(({ options, source }) => [options.path, source.entry, source.revision])).toEqual([
      [null, 0, 7],
      ["/2", 1, 6],
      [null, 2, 7],
    ]);
    expect(refused.map(({ lastGoodKept }) => lastGoodKept)).toEqual([true]);
  });

  test("without a readable name, by its position, unless that topic is declared elsewhere", () => {
    expect(names(parse([5, "b"], before))).toEqual(["a", "b"]);
    expect(names(parse([5, "a"], before))).toEqual(["a"]);
    expect(names(parse(["a"], before))).toEqual(["a"]);
  });

  test("it survives a second invalid value", () => {
    const once = parse([{ topic: "b", format: 1 }], before).declarations;
    expect(names(parse([{ topic: "b", format: 2 }], once, 8))).toEqual(["b"]);
  });

  test("not for what has become the dead-letter topic", () => {
    const { declarations } = parseEtcdValue("nonsense", { name, revision: 7 }, before, "a");
    expect(declarations.map(({ target }) => target)).toEqual([{ kind: "topic", topic: "b" }]);
  });
});

test("thousands of entries that all become invalid are handled fast", () => {
  const topics = Array.from({ length: rounds(10_000, 2_000) }, (_, at) => `topic-${at}`);
  const before = parse(topics).declarations;
  const invalid = topics.toReversed().map((topic) => ({ topic, startAt: "never" }));
  const startedAt = cpuMs();
  const { declarations, refused } = parse(invalid, before);
  expect(cpuMs() - startedAt).toBeLessThan(3_000);
  expect(declarations).toHaveLength(topics.length);
  expect(refused.every(({ lastGoodKept }) => lastGoodKept)).toBe(true);
});

test("no value throws; each entry is declared or refused, and no topic twice", () => {
  const entry = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom("a", "b", { topic: "a" }, { topic: "b", path: "/b" }, { topic: "A" }),
  );
  fc.assert(
    fc.property(fc.array(entry), fc.array(entry), (first, second) => {
      const result = parse(second, parse(first).declarations);
      const kept = result.refused.filter(({ lastGoodKept }) => lastGoodKept).length;
      expect(result.declarations.length + result.refused.length - kept).toBe(second.length);
      expect(new Set(names(result)).size).toBe(names(result).length);
    }),
  );
});
