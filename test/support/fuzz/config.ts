import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { stringify } from "yaml";
import { parseConfig } from "../../../lib/rules/config/config.ts";
import { ConfigError } from "../../../lib/rules/yaml/problem.ts";
import { anyNasty, expectCleanPrototypes, expectHarmless, mutated, nastyText, nastyValue } from "./nasty.ts";
import { type FuzzOptions, type FuzzSummary, kindOfRule, runSuite, type Verdict } from "./suite.ts";

const FILE = "config.yaml";
const example = readFileSync(join(import.meta.dir, "../../../infra/config.example.yaml"), "utf8");
const older = `catsyslog: { logpath: /var/log/self, loglevel: debug }
collectlogs: [{ logpath: /var/log/a.log, logtopic: a }, { logpath: /var/log/b.log, logtopic: B }]
etcdkeys: [collectlogkey1]
etcdconfig: ["localhost:2379"]
kafkaconfig: { kafkaaddr: "localhost:9092" }
elasticconfig: { elasticaddr: "localhost:9200" }
`;
const minimal = `kafka: { brokers: ["127.0.0.1:9092"] }
elasticsearch: { nodes: ["http://127.0.0.1:9200"] }
`;
const environment = { A: "a", B: "${A}", EMPTY: "", PORT: "8080", LONG: "x".repeat(5_000) };

const billionLaughs = `a: &a ["lol","lol"]\n${Array.from({ length: 26 }, (_, n) => {
  const [name, of] = [String.fromCodePoint(98 + (n % 25)), String.fromCodePoint(97 + n)];
  return `${name}${n}: &${name}${n} [*${of},*${of},*${of},*${of},*${of},*${of},*${of},*${of}]\n`;
}).join("")}`;
const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join("\n");

/** Whole files. */
export const picked: readonly string[] = [
  "",
  "\n",
  "---\n---\n",
  "...",
  "\uFEFF" + minimal,
  minimal.replaceAll("\n", "\r\n"),
  minimal.replaceAll("\n", "\r"),
  minimal.replaceAll(" ", "\t"),
  Buffer.from(minimal, "utf16le").toString("latin1"),
  billionLaughs,
  `${minimal}x: &x { a: 1 }\nlog: { <<: *x }\n`,
  `${minimal}log: { <<: { level: debug } }\n`,
  `${minimal}topics: &t [a, *t]\n`,
  `${minimal}? [complex, key]\n: value\n`,
  `${minimal}? { a: b }\n: value\n`,
  `${minimal}!!binary a: b\n`,
  `${minimal}topics: !!js/function "function(){}"\n`,
  `${minimal}%YAML 9.9\n---\n`,
  `%TAG ! tag:evil,2026:\n---\n${minimal}`,
  `${minimal}__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n`,
  `${minimal}topics: [{ __proto__: { topic: a } }]\n`,
  `${minimal}http: { port: 1e400 }\n`,
  `${minimal}http: { port: ${"9".repeat(5_000)} }\n`,
  `${minimal}http: { port: 0o17, hostname: 0x1F }\n`,
  `${minimal}http: { token: "${"s".repeat(900_000)}" }\n`,
  `${minimal}${"k".repeat(900_000)}: 1\n`,
  `${minimal}http: { hostname: "${"/".repeat(900_000)}" }\n`,
  `${minimal}log: { level: "${"${file:/pem}".repeat(80_000)}" }\n`,
  `${minimal}topics: ["${"t".repeat(900_000)}"]\n`,
  lines(60_000, (n) => `key${n}: ${n}`),
  lines(100_000, (n) => `${n}:`),
  `{${"a,".repeat(300_000)}}`,
  `${minimal}topics: [${"a,".repeat(400_000)}]`,
  `${minimal}topics:\n${lines(80_000, (n) => `- t${n}`)}`,
  `${minimal}topics:\n${lines(80_000, (n) => `- T${n}`)}`,
  `${minimal}topics: [${lines(50_000, () => "{},")}]`,
  "[".repeat(100_000),
  "{a: ".repeat(100_000),
  `${"[".repeat(400_000)}${"]".repeat(400_000)}`,
  lines(1_000, (n) => `${" ".repeat(n)}a:`),
  "- ".repeat(200_000),
  "? ".repeat(200_000),
  "&a ".repeat(200_000),
  "*a ".repeat(200_000),
  "!a ".repeat(200_000),
  `a: ${"|\n".repeat(100_000)}`,
  `a: "${"\\".repeat(500_000)}`,
  `a: "${"\\x".repeat(300_000)}"`,
  `a: '${"'".repeat(500_001)}`,
  "#".repeat(1_000_000),
  "\n".repeat(1_000_000),
  `${minimal}log: { level: "${"${A}".repeat(200_000)}" }\n`,
  `${minimal}log: { level: "${"${A:-".repeat(150_000)}" }\n`,
  `${minimal}log: { level: "${"$".repeat(900_000)}{" }\n`,
  "x".repeat(1024 * 1024),
  "x".repeat(1024 * 1024 + 1),
  "é".repeat(600_000),
  ...nastyText.flatMap((text) => [
    text,
    `${minimal}${text}: 1\n`,
    `${minimal}topics: [${JSON.stringify(text)}]\n`,
    `${minimal}log: { level: ${JSON.stringify(text)} }\n`,
    `${minimal}${JSON.stringify(text)}: { ${JSON.stringify(text)}: [${JSON.stringify(text)}] }\n`,
  ]),
];

const snippets = [
  "\t", "\r", "\n", "\0", "\uFEFF", ":", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "<<: ", "!!str ", "!x ", "? ", "| ",
  "> ", "%", "---\n", "...\n", "'", '"', "\\", "#", "${A}", "${${A}}", "${B}", "${NONE}", "${EMPTY:-x}", "__proto__: ",
  "constructor: ", "null", "~", "1e999", "0x", "-", "\u001B[31m", "\u202E", "\u0085", "\u2028", "\uD800",
  "kafka: ", "topics: ", "collectlogs: ", "etcdkeys: ", "rejected: flatten",
]; // prettier-ignore

const keys = fc.oneof(
  fc.constantFrom(
    "http",
    "kafka",
    "elasticsearch",
    "etcd",
    "topics",
    "deadLetters",
    "shutdown",
    "log",
    "collectlogs",
  ),
  anyNasty,
);
const structured = fc
  .tuple(fc.array(fc.tuple(keys, nastyValue), { maxLength: 5 }), fc.boolean(), fc.boolean())
  .map(([entries, asJson, withServers]) => {
    const object = Object.fromEntries(entries);
    const text = asJson ? JSON.stringify(object) : stringify(object);
    return withServers && !asJson ? minimal + text : text;
  });
/** Replace single values of a valid file, so that only these can be refused. */
const oneValue = fc.tuple(fc.nat(), nastyValue).map(([at, value]) => {
  const values = [...example.matchAll(/(?<=^\s*(?:- )?\w+: )[^#\n{[]+/gm)];
  const { index = 0, 0: old = "" } = values[at % values.length] ?? {};
  return `${example.slice(0, index)}${JSON.stringify(value) ?? "~"} ${example.slice(index + old.length)}`;
});
const drawn = fc.oneof(
  { weight: 5, arbitrary: mutated([example, older, minimal], snippets) },
  { weight: 3, arbitrary: structured },
  { weight: 2, arbitrary: oneValue },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(...snippets, "a", "b", " "), { maxLength: 60 })
      .map((parts) => parts.join("")),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  },
);

/** Limits for all problems together, and for one. */
const MAX_MESSAGE = 64 * 1024;
const MAX_PROBLEM = 1_500;

/** Expects a config, or an error that names the place, and no side effects. */
export function check(text: string): Verdict {
  try {
    parseConfig(text, {
      file: FILE,
      environment,
      readFile: () => "-----BEGIN CERTIFICATE-----",
    });
    return { kind: "accepted" };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    expectHarmless(error.message, MAX_MESSAGE);
    const lineCount = text.split("\n").length;
    for (const problem of error.problems) {
      expect(problem.line).toBeGreaterThanOrEqual(1);
      expect(problem.line).toBeLessThanOrEqual(lineCount);
      expect(problem.column).toBeGreaterThanOrEqual(1);
      expectHarmless(problem.message, MAX_PROBLEM);
      expect(problem.message).not.toContain("\n");
      expect(problem.message).toStartWith(`${FILE}:${problem.line}:${problem.column} `);
    }
    return { kind: "refused", rules: error.problems.map(({ rule }) => kindOfRule(rule)) };
  } finally {
    expectCleanPrototypes();
  }
}

export function fuzzConfig(options: FuzzOptions): FuzzSummary {
  return runSuite("config", { picked, drawn, check }, options);
}
