import { describe, expect, test } from "bun:test";
import { valuesAt } from "../../../../../lib/rules/json/values-at.ts";
import { createMatcher, maxLooks, searchedRecord } from "../../../../../lib/rules/search/grammar/match.ts";
import { parseQuery } from "../../../../../lib/rules/search/grammar/parse.ts";
import { cpuMs } from "../../../../support/cpu-time.ts";

const matches = (query: string, text: string): boolean | null | undefined =>
  createMatcher(
    parseQuery(query),
    0,
  )?.(searchedRecord({ folded: () => text.toLowerCase(), values: () => [] }));

const line = 'GET /pay TIMEOUT after 3000 ms, id=7 C:\\temp "quoted" ((x Straße';

test.each([
  ["timeout", true],
  ["time", false],
  ["time*", true],
  ["out*", false],
  ["timeout get", true],
  ["timeout lost", false],
  ['"after 3000"', true],
  ['"3000 after"', false],
  ['"after 30"', false],
  ["timeout -lost", true],
  ["timeout -get", false],
  ["-lost", true],
  ['-"after 3000"', false],
  ["--timeout", true],
  ["/pay", true],
  ["id=7", true],
  ["id=", true],
  ["C:\\", true],
  ["((", true],
  ['"(y"', false],
  ["STRASSE", false],
  ["straße", true],
  ['"get after', true],
  ['"lost after', false],
])("%s finds the line: %p", (query, found) => {
  expect(matches(query, line)).toBe(found);
});

test.each(["", "  ", '"', '""', "-", "*", "--", '" "', "- *"])("%p asks for nothing", (query) => {
  expect(createMatcher(parseQuery(query), 0)).toBeNull();
});

test.each([
  ["lost OR get", true],
  ["lost or gone", false],
  ["NOT lost AND (gone OR timeout)", true],
  ["tim*out", true],
  ["ti*ut", true],
  ["im*out", false],
])("%s finds the line: %p", (query, found) => {
  expect(matches(query, line)).toBe(found);
});

const record: Readonly<Record<string, readonly unknown[]>> = {
  message: ["GET /pay timeout"],
  "log.level": ["error"],
  status: [503],
  user: ["Ann Lee", "bob"],
  ok: [true],
  at: ["2026-03-04T12:00:00Z"],
  host: ["db-1"],
};

test.each([
  ["log.level: ERROR", true],
  ["log.level: err", false],
  ["log.level: err*", true],
  ["log.level: *r*r*", true],
  ["log.level: *rr*x", false],
  ["message: timeout", true],
  ["message: time", false],
  ["message: t*t", true],
  ["message: G*T", true],
  ["message: get*out", false],
  ['user: "ann lee"', true],
  ["user: ann", false],
  ["user: (ann or bob)", true],
  ["status >= 500", true],
  ["status > 503", false],
  ["status: 500..599", true],
  ["status: {503 TO *]", false],
  ["status: 503.0", true],
  ["ok: true", true],
  ["at >= 2026-03-04 AND at < 2026-03-05", true],
  ["at > now-1d", true],
  ["gone: *", false],
  ["status: *", true],
  ["user >= 1", false],
  ["not status: 503", false],
])("%s finds the record: %p", (query, found) => {
  const asked = createMatcher(parseQuery(query), Date.UTC(2026, 2, 5));
  expect(asked?.(searchedRecord({ folded: () => "", values: (field) => record[field] ?? [] }))).toBe(found);
});

test("what may be text or a field is looked for as both", () => {
  const asked = createMatcher(parseQuery("nginx:/srv:x"), 0);
  const finds = (text: string, values: readonly unknown[]) =>
    asked?.(searchedRecord({ folded: () => text, values: () => values }));
  expect(finds("pulls nginx:/srv:x now", [])).toBe(true);
  expect(finds("", ["/srv:x"])).toBe(true);
  expect(finds("nginx", [])).toBe(false);
});

test("however many tests look at a record, its text and each field are read and split once", () => {
  const read: string[] = [];
  const looked = searchedRecord({
    folded: () => (read.push("text"), "a line"),
    values: (field) => (read.push(field), ["a value"]),
  });
  const query = "x*y OR z*y OR gone OR message: *q* OR message: *z OR user: x OR user: y*";
  for (const text of [query, `later OR ${query}`]) {
    expect(createMatcher(parseQuery(text), 0)?.(looked)).toBe(false);
  }
  expect(read).toEqual(["text", "message", "user"]);
  const words = (field: string | null) => looked.words(field, { left: maxLooks });
  expect(words(null)).toEqual(["a", "line"]);
  expect(words(null)).toBe(words(null));
  expect(words("message")).toBe(words("message"));
});

describe("a record with more than a search may look at has no verdict", () => {
  const among = (tests: number) => Array.from({ length: tests }, (_, n) => `list: no${n}`).join(" OR ");

  test.each([
    [32, 1_000, false],
    [32, 250_000, null],
    [1, 250_000, null],
    [32, maxLooks / 20, null],
  ])(
    "%d tests of a list of %d values: %p, and none of them is looked at in vain",
    (tests, count, verdict) => {
      const work = { read: 0, compared: 0 };
      const value = { toString: () => ((work.compared += 1), "yes") };
      const values = Array.from({ length: count }, () => value);
      const list = new Proxy(values, {
        get(target, name, receiver) {
          if (typeof name === "string" && /^\d+$/.test(name)) work.read += 1;
          return Reflect.get(target, name, receiver);
        },
      });
      const looked = searchedRecord({
        folded: () => "",
        values: (field, looks) => valuesAt({ list }, field, looks),
      });
      expect(createMatcher(parseQuery(among(tests)), 0)?.(looked)).toBe(verdict);
      expect(work.read).toBeLessThanOrEqual(maxLooks);
      expect(work.compared).toBeLessThanOrEqual(maxLooks);
      // Another search of the same record pays as much.
      expect(createMatcher(parseQuery(`NOT (${among(tests)})`), 0)?.(looked)).toBe(
        verdict === null ? null : !verdict,
      );
    },
  );

  test.each(["a*b", "message: a*b", "objects.name: x", "-a*b", '"(a"', "times >= 2027-01-01"])(
    "by its words, the way to its values, places where a text may be, or times: %s",
    (query) => {
      const text = "word (ab ".repeat(maxLooks);
      const document = {
        objects: Array.from({ length: maxLooks }, () => ({ other: 1 })),
        times: Array.from({ length: maxLooks / 10 + 1 }, () => "2026-01-01T12:00:00Z"),
        message: text,
      };
      const looked = searchedRecord({
        folded: () => text,
        values: (field, looks) => valuesAt(document, field, looks),
      });
      const verdictOn = (asked: string) => createMatcher(parseQuery(asked), 0)?.(looked);
      expect(verdictOn(query)).toBeNull();
      expect(["gone", "message: gone", "times: gone"].map(verdictOn)).toEqual([false, false, false]);
    },
  );
});

test("a search takes only a moment on any line", () => {
  const before = cpuMs();
  const long = "a".repeat(2e5) + "(".repeat(2e5);
  expect(matches(`${"a".repeat(500)} "${"(".repeat(500)}b"`, long)).toBe(false);
  expect(matches("a*a*a*a*a*a*a*a*b", long)).toBe(false);
  expect(cpuMs() - before).toBeLessThan(500);
});
