import { expect } from "bun:test";
import * as fc from "fast-check";
import { textOf } from "../../../lib/adapters/etcd/snapshot.ts";
import type { Declaration } from "../../../lib/rules/model/declaration.ts";
import { parseEtcdValue } from "../../../lib/rules/declarations/etcd-value.ts";
import { isInternalTopic, isResolvedIndex, isTopicName } from "../../../lib/rules/model/names.ts";
import { specify } from "../../../lib/rules/model/specification.ts";
import { anyNasty, expectCleanPrototypes, expectHarmless, mutated, nastyText, nastyValue } from "./nasty.ts";
import { type FuzzOptions, type FuzzSummary, kindOfRule, runSuite, type Verdict } from "./suite.ts";

const DEAD_LETTERS = "penstock.dead-letters";
const good = JSON.stringify([
  {
    topic: "web_log",
    path: "/var/log/web.log",
    index: "web-{yyyy.MM.dd}",
    format: "json",
    timestamp: "time",
  },
  {
    pattern: "app-*",
    index: "logs-{topic}",
    startAt: "latest",
    pipeline: "p",
    format: "json",
    rejected: "flatten",
  },
  { topic: "access", dataStream: "logs-{topic}-prod", retention: "30d" },
  "plain",
]);

/** A name and a value of an etcd key, the value as bytes in latin1. */
export interface EtcdCase {
  readonly key: string;
  readonly value: string;
}

const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

/** Values that test/integration/hostile-input.test.ts also gives to a complete host. */
export const pickedValues: readonly string[] = [
  "",
  "null",
  "{}",
  '"topic"',
  "5",
  "[",
  nested(100_000),
  `[${nested(90_000)}]`,
  `[{"topic":"a","path":${nested(50_000)}}]`,
  `[{"topic":"${"x".repeat(1_000_000)}"}]`,
  `["${"y".repeat(1_000_000)}"]`,
  "/".repeat(1_400_000),
  `[{"topic":"a","startAt":"${"/".repeat(1_400_000)}"}]`,
  JSON.stringify(Array.from({ length: 10_000 }, (_, n) => `T${n}`)),
  JSON.stringify(Array.from({ length: 10_001 }, (_, n) => n)),
  JSON.stringify(Array.from({ length: 10_000 }, () => ({ topic: "twice" }))),
  '[{"__proto__":{"topic":"a"}},{"constructor":{"prototype":{"x":1}},"topic":"b"},{"topic":"c","__proto__":1}]',
  '["__proto__","constructor","toString"]',
  '["..",".","_all",".kibana","*","a,b","UPPER","😀",5,null,true,[],[[]],[["a"]],{},""]',
  '[{"topic":5},{"topic":["a"]},{"topic":{"a":1}},{"topic":null},{"topic":"a","topic":"b"}]',
  '[{"topic":"a","index":".kibana"},{"topic":"b","index":"_all"},{"topic":"c","index":"*"},{"topic":"d","index":"a,b"},{"topic":"e","index":"../x"}]',
  '[{"topic":"a","index":"{topic}{topic}{yyyy.MM.dd}"},{"topic":"b","index":"{nope}"}]',
  '[{"pattern":"*"},{"pattern":"__*"},{"pattern":"********************************b"}]',
  `[{"topic":"a","${"k".repeat(100_000)}":1}]`,
  `[${Array.from({ length: 2_000 }, (_, n) => `{"unknown${n}":1}`).join(",")}]`,
  `[{${Array.from({ length: 20_000 }, (_, n) => `"unknown${n}":1`).join(",")}}]`,
  "\uFEFF[]",
  '["\u001B[2J","\u202Eevil","\\u0000","\\ud800"]',
  '[{"topic":"\u001B[31mred","index":"\u202E"},{"\u001B[2J":1}]',
];

export const picked: readonly EtcdCase[] = [
  ...pickedValues.map((value) => ({ key: "logs/a", value: bytesOf(value) })),
  { key: "logs/bytes", value: "\xff\xfe[\0]\0" },
  { key: "logs/bytes", value: '["\xed\xa0\x80"]' },
  { key: "logs/huge", value: " ".repeat(2_000_000) },
  ...nastyText.flatMap((text) => [
    { key: text, value: "nothing" },
    { key: "k", value: bytesOf(JSON.stringify([text, { topic: text }, { pattern: text, index: text }])) },
    { key: "k", value: bytesOf(JSON.stringify([{ topic: "a", [text]: text, path: text, timestamp: text }])) },
  ]),
];

const fields = fc.oneof(
  fc.constantFrom(
    "topic",
    "pattern",
    "exclude",
    "path",
    "index",
    "startAt",
    "format",
    "timestamp",
    "pipeline",
    "rejected",
  ),
  anyNasty,
);
const entry = fc.oneof(
  anyNasty,
  nastyValue,
  fc
    .array(fc.tuple(fields, fc.oneof(anyNasty, nastyValue, fc.constantFrom("json", "latest", "a", "b"))), {
      maxLength: 5,
    })
    .map((members) => Object.fromEntries(members)),
);
const value = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(entry, { maxLength: 6 }).map((entries) => bytesOf(JSON.stringify(entries))),
  },
  {
    weight: 4,
    arbitrary: mutated(
      [good, "[]", '["a","b"]'],
      ["[", "]", "{", "}", ",", '"', "\\", "null", "1e999", '"__proto__":', '"topic":', "\0", "\u202E"],
    ).map(bytesOf),
  },
  { weight: 1, arbitrary: nastyValue.map((any) => bytesOf(JSON.stringify(any) ?? "")) },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  },
);
const drawn = fc.record({ key: fc.oneof(fc.constant("logs/a"), anyNasty), value });

/** Limit for the reasons of all refused entries of one key. */
const MAX_REASON = 8_000;

export function check({ key, value: bytes }: EtcdCase): Verdict {
  const { value: text, problem } = textOf(Buffer.from(bytes, "latin1"));
  if (text === null) return { kind: "refused", rules: [problem ?? ""] };
  const source = { name: key, revision: 7 };
  const before = parseEtcdValue(good, source, [], DEAD_LETTERS).declarations;
  const rules: string[] = [];
  for (const previous of [[], before]) {
    const { declarations, refused } = parseEtcdValue(text, source, previous, DEAD_LETTERS);
    for (const { reason, name } of refused) {
      expectHarmless(reason, MAX_REASON);
      expect(reason).not.toContain("\n");
      expect((name ?? "").length).toBeLessThanOrEqual(101);
      rules.push(...rulesOf(reason));
    }
    expectValid(declarations);
    if (previous.length === 0 && refused.length === 0) expect(Array.isArray(JSON.parse(text))).toBe(true);
  }
  expectCleanPrototypes();
  return rules.length === 0 ? { kind: "accepted" } : { kind: "refused", rules };
}

/** Accepted declarations must be usable: no name that Kafka or Elasticsearch would refuse, or that must not be moved. */
function expectValid(declarations: readonly Declaration[]): void {
  const names = new Set<string>();
  for (const declaration of declarations) {
    const { target } = declaration;
    const name = target.kind === "topic" ? target.topic : target.pattern;
    expect(names.has(`${target.kind} ${name}`)).toBe(false);
    names.add(`${target.kind} ${name}`);
    expect(isInternalTopic(name)).toBe(false);
    expect(name).not.toBe(DEAD_LETTERS);
    if (target.kind === "pattern") continue;
    expect(isTopicName(name)).toBe(true);
    expect(isResolvedIndex(specify(declaration, name).index)).toBe(true);
  }
}

/** Without the place, which precedes the first colon after the key. */
function rulesOf(reason: string): string[] {
  return [kindOfRule(reason.replace(/^etcd key "(?:[^"\\]|\\.)*"(?:, entry \d+)?: /, ""))];
}

export function fuzzEtcd(options: FuzzOptions): FuzzSummary {
  return runSuite("etcd", { picked, drawn, check }, options);
}
