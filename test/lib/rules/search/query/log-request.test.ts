import { expect, test } from "bun:test";
import { parseLogFilter, parseTailFilter } from "../../../../../lib/rules/search/query/log-request.ts";

const nowMs = Date.UTC(2026, 2, 4, 12);

test("without parameters it is the last 15 minutes of everything", () => {
  expect(parseLogFilter({ topic: [] }, nowMs)).toEqual({
    topics: [],
    query: null,
    fromMs: nowMs - 900_000,
    toMs: nowMs,
  });
});

test("takes what is given", () => {
  const words = { topic: ["a", "b", "a"], q: ' "x y" ', from: "2026-03-04", to: "now-1h" };
  expect(parseLogFilter(words, nowMs)).toEqual({
    topics: ["a", "b"],
    query: { kind: "text", text: "x y", form: "whole" },
    fromMs: Date.UTC(2026, 2, 4),
    toMs: nowMs - 3_600_000,
  });
});

test("takes ages for both ends", () => {
  expect(parseLogFilter({ topic: [], from: "-2h", to: "1h" }, nowMs)).toMatchObject({
    fromMs: nowMs - 7_200_000,
    toMs: nowMs - 3_600_000,
  });
});

test.each([
  [{ from: "soon" }, 'from "soon" must be ISO 8601'],
  [{ from: "now", to: "now-1s" }, 'from "now" must not be after to'],
])("%j is refused, saying why", (words, message) => {
  expect(() => parseLogFilter({ topic: [], ...words }, nowMs)).toThrow(message);
});

const repeated = (count: number, word: string): string => Array<string>(count).fill(word).join(" or ");

test.each([
  ["32 values", [repeated(32, "status: 1")], null],
  ["33 values", [repeated(32, "status: 1"), "level >= 2"], "“level >= 2” at character 1"],
  ["33 in parentheses", [`status: (${repeated(33, "7")})`], "“7” at character 170"],
  ["8 patterns", [repeated(8, "user: a*")], null],
  ["9 patterns", [repeated(8, "user: a*"), "a: b*"], "“a: b*” at character 1"],
  ["4 patterns of any beginning", [repeated(4, "message: *a*")], null],
  [
    "5 patterns of any beginning",
    [repeated(4, "message: *a*"), "- x", "NOT b: *c"],
    "“b: *c” at character 5",
  ],
  ["any number of words", [repeated(200, "a*")], null],
])("%s test as many fields as a search may: %#", (_name, [q, ...filter], refused) => {
  const parse = () => parseLogFilter({ topic: [], q, filter }, nowMs);
  if (refused === null) expect(parse).not.toThrow();
  else
    expect(parse).toThrow(
      `${refused} of the search is one test too many: a search tests fields at most 32 times`,
    );
});

test("q and filters have a length together", () => {
  const filter = Array<string>(4).fill("a".repeat(1_024));
  expect(() => parseLogFilter({ topic: [], filter }, nowMs)).not.toThrow();
  expect(() => parseLogFilter({ topic: [], q: "a".repeat(4_096) }, nowMs)).not.toThrow();
  expect(() => parseLogFilter({ topic: [], q: "a", filter }, nowMs)).toThrow(
    "the search has 4097 characters: q and all filters together must have at most 4096",
  );
});

test("a live tail tries few words and fields on each record", () => {
  const q = repeated(16, "a*b");
  const filter = [repeated(15, "status: 1"), `"${"w ".repeat(100)}"`];
  const words = { topic: ["a", "a"], q, filter };
  expect(parseTailFilter(words)).toMatchObject({ topics: ["a"], query: { kind: "all" } });
  expect(() => parseTailFilter({ ...words, q: `${q} c` })).toThrow(
    "the search has 33 words, phrases and tests of fields: a live tail compares each record with at most 32",
  );
});
