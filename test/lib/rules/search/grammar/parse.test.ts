import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseQuery } from "../../../../../lib/rules/search/grammar/parse.ts";
import { type Query, QueryError, type ValueTest } from "../../../../../lib/rules/search/grammar/query.ts";
import { closingAt } from "../../../../../lib/rules/search/grammar/scanner.ts";
import { countWords } from "../../../../../lib/rules/search/grammar/words.ts";
import { anyText } from "../../../../support/any-text.ts";
import { cpuMs } from "../../../../support/cpu-time.ts";

/** A query in one line: `&`, `|` and `!`, texts in quotes, tests of fields in braces. */
function shown(query: Query | null): string {
  switch (query?.kind) {
    case undefined:
      return "nothing";
    case "text":
      return `${query.form === "whole" ? "" : `${query.form} `}'${query.text}'`;
    case "not":
      return `!${shown(query.of)}`;
    case "field":
      return `{${query.field} ${valueShown(query.test)}}`;
    case "all":
    case "any":
      return `(${query.of.map(shown).join(query.kind === "all" ? " & " : " | ")})`;
  }
}

function valueShown(test: ValueTest): string {
  if (test.kind === "exists") return "exists";
  if (test.kind === "is") return `= ${test.value}`;
  if (test.kind === "like") return `~ ${test.pattern}`;
  const { from, to } = test;
  const ends = [
    from === null ? "" : `${from.included ? ">=" : ">"} ${from.value}`,
    to === null ? "" : `${to.included ? "<=" : "<"} ${to.value}`,
  ];
  return ends.filter((end) => end !== "").join(" ");
}

describe("words and operators", () => {
  test.each([
    ["timeout pay", "('timeout' & 'pay')"],
    ['"a b" -c d* --e', "('a b' & !'c' & prefix 'd' & 'e')"],
    ["ERROR OR WARN", "('ERROR' | 'WARN')"],
    ["payment AND failed", "('payment' & 'failed')"],
    ["a b or c d", "(('a' & 'b') | ('c' & 'd'))"],
    ["a AND (b OR c) NOT d", "('a' & ('b' | 'c') & !'d')"],
    ["-(a b)", "!('a' & 'b')"],
    ["NOT NOT a", "'a'"],
    ["pay*ment", "wildcard 'pay*ment'"],
    [String.raw`"say \"hi\" C:\temp\\"`, String.raw`'say "hi" C:\temp\'`],
    ["a or not b", "('a' | !'b')"],
    ["not (a b)", "!('a' & 'b')"],
  ])("%s", (text, query) => {
    expect(shown(parseQuery(text))).toBe(query);
  });

  test.each([
    ["file not found", "('file' & 'not' & 'found')"],
    ["a or", "('a' & 'or')"],
    ["and so on", "('and' & 'so' & 'on')"],
  ])("in lower case are words where they cannot be operators: %s", (text, query) => {
    expect(shown(parseQuery(text))).toBe(query);
  });
});

describe("punctuation is text", () => {
  test.each([
    ["((", "'(('"],
    ["C:\\", "'C:\\'"],
    ["12:30:01", "'12:30:01'"],
    ["http://h:8080/x?a=b", "'http://h:8080/x?a=b'"],
    ["std::sort", "'std::sort'"],
    ["id=7 a->b x>y", "('id=7' & 'a->b' & 'x>y')"],
    ["main() failed", "('main()' & 'failed')"],
    ["error: ", "'error:'"],
    ["<b>5", "'<b>5'"],
    ["*.java */5", "('*.java' & '*/5')"],
    ['a "b', "('a' & 'b')"],
    ["~1 |+ \\", "('~1' & '|+' & '\\')"],
    ["{}[]^!:/", "'{}[]^!:/'"],
    [' - * "" ', "nothing"],
    ["--a*", "prefix 'a'"],
  ])("%s", (text, query) => {
    expect(shown(parseQuery(text))).toBe(query);
  });
});

describe("tests of fields", () => {
  test.each([
    ["log.level: ERROR", "{log.level = ERROR}"],
    ["log.level:ERROR", "{log.level = ERROR}"],
    ["status>=500", "{status >= 500}"],
    ["status < 500", "{status < 500}"],
    ["status: > 5", "{status > 5}"],
    ["status: [1 TO 5]", "{status >= 1 <= 5}"],
    ["status: {1 to *]", "{status > 1}"],
    ["status: 500..599", "{status >= 500 <= 599}"],
    ["status: ..-5", "{status <= -5}"],
    ["@timestamp: [2026-01-01 TO now-1d}", "{@timestamp >= 2026-01-01 < now-1d}"],
    ["path: ../x", "{path = ../x}"],
    ["user: *", "{user exists}"],
    ["user: a**b", "{user ~ a*b}"],
    [String.raw`user: "a \"*\" b"`, '{user = a "*" b}'],
    ["peer: 10.0.0.1:80", "{peer = 10.0.0.1:80}"],
    ["user: (a or b)", "({user = a} | {user = b})"],
    ['user: ("a b" AND NOT c*)', "({user = a b} & !{user ~ c*})"],
    ['"app.kubernetes.io/name": x', "{app.kubernetes.io/name = x}"],
    ["-status: 5", "!{status = 5}"],
    [
      "log.level: ERROR or (status >= 500 and not user.id: 7)",
      "({log.level = ERROR} | ({status >= 500} & !{user.id = 7}))",
    ],
  ])("%s", (text, query) => {
    expect(shown(parseQuery(text))).toBe(query);
  });
});

describe("a part that is not understood is named with its place", () => {
  test.each([
    ["a OR", 2, "OR", "needs something after it"],
    ["OR a", 0, "OR", "needs something before it"],
    ["a AND -", 2, "AND", "needs something after it"],
    ["x (a OR b", 2, "(a", "never closed"],
    ["f: (a b)", 6, "b", "needs AND or OR before it"],
    ['f: "a b', 3, '"a b', "never closed"],
    ["f: [1, 5]", 3, "[1, 5]", "write [1 TO 5]"],
    ["f: [* TO *]", 3, "[* TO *]", "write [1 TO 5]"],
    ["x *out", 2, "*out", "message: *out"],
    [`${"(".repeat(9)}a${")".repeat(9)}`, 8, "(a)", "at most 8"],
  ])("%s", (text, at, part, rule) => {
    const thrown = errorOf(text);
    expect([thrown?.part, thrown?.code]).toEqual([{ at, text: part }, "usage"]);
    expect(thrown?.message).toContain(rule);
  });

  test("what is proposed instead is understood", () => {
    for (const text of ["a OR", "(a OR b", "*out", "f: [1, 5]"]) {
      const { part, instead } = errorOf(text) ?? { part: { at: 0, text: "" }, instead: [] };
      expect(instead).not.toEqual([]);
      for (const other of instead) {
        const mended = text.slice(0, part.at) + other + text.slice(part.at + part.text.length);
        expect([mended, errorOf(mended)]).toEqual([mended, null]);
      }
    }
  });
});

function errorOf(text: string): QueryError | null {
  try {
    parseQuery(text);
    return null;
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown;
    throw thrown;
  }
}

/** Texts that look like searches. */
const likeQueries = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "(",
        ")",
        '"',
        "AND",
        "or",
        "NOT",
        "not",
        "-",
        "*",
        ":",
        ">=",
        "<",
        "[",
        "TO",
        "]",
        "..",
      ),
      fc.constantFrom("a", "b.c", "5", "\\", "now", "@t", "{", "}", "//", "=", "é"),
      fc.constantFrom(" ", " ", ""),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(""));

test("any text is a search, or an error with a part of the text", () => {
  fc.assert(
    fc.property(fc.oneof(anyText, likeQueries), (text) => {
      const thrown = errorOf(text);
      if (thrown === null) return countWords(parseQuery(text)) <= 4 * Math.max(1, text.length);
      const { at, text: part } = thrown.part;
      return part !== "" && text.slice(at, at + part.length) === part;
    }),
    { numRuns: 3_000 },
  );
});

test("long searches take no time", () => {
  for (const piece of ["a ", "(", ")", '"', "a OR ", "-", "f:(a or ", "[", "x:[1 TO ", '\\"', "a*", "NOT "]) {
    const text = piece.repeat(Math.ceil(1_024 / piece.length));
    const began = performance.now();
    errorOf(text);
    expect([piece, performance.now() - began < 500]).toEqual([piece, true]);
  }
});

test("the parenthesis that closes another is found in one pass, though quotes are never closed", () => {
  const escaped = String.raw`\"`.repeat(20_000);
  const began = cpuMs();
  expect(closingAt(`("${escaped}`, 0)).toBe(-1);
  expect(closingAt(`(")" "${escaped})`, 0)).toBe(6 + escaped.length);
  expect(cpuMs() - began).toBeLessThan(500);
});
