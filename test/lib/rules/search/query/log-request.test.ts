import { expect, test } from "bun:test";
import { parseLogFilter } from "../../../../../lib/rules/search/query/log-request.ts";

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

test.each([
  [{ from: "soon" }, 'from "soon" must be ISO 8601'],
  [{ from: "now", to: "now-1s" }, 'from "now" must not be after to'],
])("%j is refused, saying why", (words, message) => {
  expect(() => parseLogFilter({ topic: [], ...words }, nowMs)).toThrow(message);
});
