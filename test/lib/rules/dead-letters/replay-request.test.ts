import { describe, expect, test } from "bun:test";
import { isMeant, parseReplayWords } from "../../../../lib/rules/dead-letters/replay-request.ts";
import { sourceRecord } from "../../../support/records.ts";

const now = Date.UTC(2026, 0, 2, 12);
const nothing = { topic: null, error: null, since: null, index: null };

describe("a replay request", () => {
  test("may have no parameters", () => {
    expect(parseReplayWords(nothing, true, now)).toEqual({
      filter: { topic: null, error: null, sinceMs: null },
      index: null,
      dryRun: true,
    });
  });

  test.each([
    ["2h", Date.UTC(2026, 0, 2, 10)],
    ["90s", now - 90_000],
    ["500ms", now - 500],
    ["7d", now - 7 * 86_400_000],
    ["-2h", Date.UTC(2026, 0, 2, 10)],
    ["now-1w", now - 7 * 86_400_000],
    ["2026-01-01", Date.UTC(2026, 0, 1)],
    ["2026-01-01T10:00", Date.UTC(2026, 0, 1, 10)],
    ["2026-01-01T10:00:00+02:00", Date.UTC(2026, 0, 1, 8)],
  ])("since %s", (since, atMs) => {
    expect(parseReplayWords({ ...nothing, since }, false, now).filter.sinceMs).toBe(atMs);
  });

  test.each([
    [{ since: "yesterday" }, 'since "yesterday" is neither a time'],
    [{ since: "12345" }, 'since "12345" is neither a time'],
    [{ since: "" }, 'since "" is neither a time'],
    [{ since: "2026-02-30" }, 'since "2026-02-30" is neither a time'],
    [{ topic: "a b" }, 'topic "a b" is not a Kafka topic name'],
    [{ error: "" }, 'error "" is not an error type'],
    [{ index: "UPPER" }, 'index "UPPER" is not an Elasticsearch index name'],
    [{ index: "a-{yyyy}" }, 'index "a-{yyyy}" contains {yyyy}, which looks like a date'],
    [{ index: "a-{b}" }, 'index "a-{b}" takes {b} from the record: only {topic} and {yyyy.MM.dd} may vary'],
    [{ topic: "x y".repeat(100) }, `topic "${"x y".repeat(100).slice(0, 80)}…" is not`],
  ])("%j is refused, naming value and rule", (words, message) => {
    expect(() => parseReplayWords({ ...nothing, ...words }, false, now)).toThrow(message);
  });
});

describe("a letter passes the filter", () => {
  const letter = {
    topic: "app",
    record: sourceRecord("v"),
    valueOmitted: false,
    index: "app",
    status: 400,
    error: { type: "document_parsing_exception", reason: "failed to parse field [n]" },
    attempts: 1,
    failedAt: now,
  };
  test.each([
    [{}, true],
    [{ topic: "app" }, true],
    [{ topic: "ap" }, false],
    [{ error: "document_parsing_exception" }, true],
    [{ error: "parsing_exception" }, false],
    [{ sinceMs: now }, true],
    [{ sinceMs: now + 1 }, false],
    [{ topic: "app", error: "other", sinceMs: 0 }, false],
    [{ of: { index: "app", field: "n" } }, true],
    [{ of: { index: "app-2", field: "n" } }, false],
    [{ of: { index: "app", field: "m" } }, false],
    [{ of: { index: "app", field: null } }, false],
  ])("by %j: %p", (filter, meant) => {
    expect(isMeant(letter, { topic: null, error: null, sinceMs: null, ...filter })).toBe(meant);
  });
});
