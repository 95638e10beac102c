import { expect, test } from "bun:test";
import { cursorText } from "../../../../../lib/rules/search/query/cursor.ts";
import { parseLogRequest } from "../../../../../lib/rules/search/query/log-request.ts";

const nowMs = Date.UTC(2026, 2, 4, 12);

test("without parameters asks for the last 15 minutes of everything", () => {
  expect(parseLogRequest({}, nowMs)).toEqual({
    topics: [],
    query: "",
    fromMs: nowMs - 900_000,
    toMs: nowMs,
    size: 100,
    after: null,
    histogram: false,
  });
});

test("accepts all parameters", () => {
  const after = cursorText([1, 0, 2, "a", 5]);
  const parameters = {
    topic: ["a", "b", "a"],
    q: [' "x y" '],
    from: ["2026-03-04"],
    to: ["now-1h"],
    size: ["7"],
    after: [after],
    histogram: ["true"],
  };
  expect(parseLogRequest(parameters, nowMs)).toEqual({
    topics: ["a", "b"],
    query: '"x y"',
    fromMs: Date.UTC(2026, 2, 4),
    toMs: nowMs - 3_600_000,
    size: 7,
    after: [1, 0, 2, "a", 5],
    histogram: true,
  });
});

test.each([
  [{ topics: ["a"] }, 'Unknown parameter "topics": it must be topic, q, from, to, size, after or histogram'],
  [{ size: ["0"] }, 'size "0" must be a whole number from 1 to 100'],
  [{ size: ["101"] }, 'size "101" must be a whole number from 1 to 100'],
  [{ size: ["1", "2"] }, "size is given 2 times: it may be given once"],
  [{ from: ["soon"] }, 'from "soon" must be ISO 8601'],
  [{ from: ["now"], to: ["now-1s"] }, 'from "now" must not be after to'],
  [{ after: ["e30"] }, 'after "e30" must be the `next` of an answer'],
  [{ histogram: ["yes"] }, 'histogram "yes" must be false or true'],
  [{ q: ["x".repeat(1_025)] }, "must have at most 1024 characters, but has 1025"],
])("%j is refused, saying why", (parameters, message) => {
  expect(() => parseLogRequest(parameters, nowMs)).toThrow(message);
});

test("accepts any query of 1,024 characters", () => {
  expect(parseLogRequest({ q: ["(".repeat(1_024)] }, nowMs).query).toHaveLength(1_024);
});
