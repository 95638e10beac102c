import { expect, test } from "bun:test";
import type { SearchLogsResult } from "../../../functions/search-logs.ts";
import type { LogAnswer, TailLine as PageTailLine } from "../../../infra/api/log-messages.ts";
import { searchJson } from "../../../infra/host/http/routes/log-answers.ts";
import type { TailLine } from "../../../lib/rules/search/hits/tail-line.ts";

/** Compiles as long as the page's types are what the host sends. */
const pageLine = (line: TailLine): PageTailLine => line;
const pageAnswer = (result: SearchLogsResult): LogAnswer => result;

test("what a search found is what the page is told, documents apart", () => {
  const result: SearchLogsResult = {
    from: "2026-11-25T12:00:00.000Z",
    to: "2026-11-25T13:00:00.000Z",
    tookMs: 3,
    complete: true,
    problems: [],
    total: { value: 1, exact: true },
    hits: [
      {
        id: "a:0:1:x",
        index: "a",
        topic: "a",
        partition: 0,
        offset: 1,
        timestamp: null,
        line: [["x", true]],
        cut: false,
        bytes: 1,
        tags: [],
        ignored: [],
        documentJson: null,
      },
    ],
    histogram: null,
    next: null,
    newest: null,
  };
  const { documentJson: _, ...hit } = result.hits[0] ?? { documentJson: null };
  const told = JSON.parse(searchJson(result)) as LogAnswer;
  expect(told).toEqual({ ...pageAnswer(result), hits: [{ ...hit, document: null }] } as never);
  expect(pageLine).toBeFunction();
});
