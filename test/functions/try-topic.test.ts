import { describe, expect, test } from "bun:test";
import { tryTopic } from "../../functions/try-topic.ts";
import type { Trial } from "../../functions/try-topic/try-records.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { TrialFindings } from "../../lib/rules/trial/findings.ts";
import { readOperations } from "../../lib/rules/trial/operations.ts";
import { triedAsJson, triedFromJson } from "../../lib/rules/trial/tried.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { rejection } from "../support/rejection.ts";
import { sourceRecord, specification } from "../support/records.ts";

const { signal } = new AbortController();
const limits = { maxDocuments: 1_000, maxBytes: 1_000_000 };
const spec = specification({ format: "json", timestamp: "time", rejected: "dead-letter" });
const record = (offset: number, value: object | null, changes: Partial<SourceRecord> = {}) =>
  sourceRecord(value === null ? null : JSON.stringify(value), { offset, ...changes });

/** A log of one partition, read in one batch. */
const readerOf = (records: readonly SourceRecord[], end = records.length) => ({
  ranges: async () => new Map([[0, { start: 0, end }]]),
  readSpans: async (
    _topic: string,
    spans: ReadonlyMap<number, { readonly start: number; readonly end: number }>,
    onBatch: (batch: {
      partition: number;
      records: readonly SourceRecord[];
      start: number;
      end: number;
    }) => Promise<void>,
  ) => {
    for (const [partition, { start, end: until }] of spans) {
      const inside = records.filter(({ offset }) => offset >= start && offset < until);
      await onBatch({ partition, records: inside, start, end: until });
    }
  },
});

/** Answers each document by its message; the findings are of what was sent. */
function trialOf(changes: Partial<TrialFindings> = {}, fails: unknown = null) {
  const documents = new Map<
    string,
    TrialFindings["documents"] extends ReadonlyMap<string, infer D> ? D : never
  >();
  let closed = 0;
  const trial: Trial = {
    bulk(body) {
      if (fails !== null) return Promise.reject(fails);
      const items = readOperations(body).map(({ id, json, index }) => {
        const isRefused = json.includes("refuse me");
        const error = isRefused
          ? { type: "document_parsing_exception", reason: "failed to parse field [n] of type [long]" }
          : null;
        documents.set(id, { sent: json, json, index, pipelines: [], ignored: [], error, untried: null });
        if (json.includes("drop me")) return { status: 200, result: "noop", error: null };
        return { status: isRefused ? 400 : 201, result: isRefused ? null : "created", error };
      });
      return Promise.resolve(
        changes.unknown || changes.blocked
          ? { failure: { kind: "connection" as const, message: "no" } }
          : { items },
      );
    },
    findings: () =>
      Promise.resolve({ documents, targets: [], blocked: null, unknown: null, notes: [], ...changes }),
    close() {
      closed += 1;
      return Promise.resolve(["left behind: x"]);
    },
  };
  return { trial, closed: () => closed };
}

const run = (records: readonly SourceRecord[], trial = trialOf().trial, last = 100) =>
  tryTopic(
    { spec, last, limits },
    { reader: readerOf(records), openTrial: () => trial, now: () => 5, signal, deadline: signal },
  );

const records = [
  record(0, { time: "2026-11-30T10:00:00Z", level: "warn" }),
  record(1, { message: "refuse me" }),
  record(2, { message: "drop me" }),
  record(3, null),
  record(4, { n: 1 }, { timestamp: -1 }),
];

test("each record has one outcome, the newest first, with the document and the reason", async () => {
  const tried = await run(records);
  expect(
    tried.records.map(({ offset, outcome, reason }) => [offset, outcome, reason?.type, reason?.field]),
  ).toEqual(
    [
      [3, "skipped", "no_value", null],
      [2, "skipped", "dropped", null],
      [1, "dead-lettered", "document_parsing_exception", "n"],
      [0, "indexed", undefined, undefined],
      [4, "indexed", undefined, undefined],
    ].toSorted(([a], [b]) => Number(b) - Number(a)),
  );
  expect(tried).toMatchObject({
    partitions: 1,
    outcomes: { indexed: 2, "gave-way": 0, skipped: 2, "dead-lettered": 1, waits: 0, unknown: 0 },
    times: { field: 1, record: 1, reading: 1 },
    levels: { none: 2, warn: 1 },
    tags: { timestamp_absent: 2, timestamp_missing: 1 },
    notes: ["left behind: x"],
  });
  expect(tried.groups).toContainEqual({
    outcome: "dead-lettered",
    type: "document_parsing_exception",
    field: "n",
    text: "failed to parse field [n] of type [long]",
    records: 1,
    first: { partition: 0, offset: 1 },
  });
});

test("as JSON, the documents are members with all their digits", async () => {
  const long = sourceRecord('{"n":12345678901234567890123}');
  const tried = await run([long, record(1, null)]);
  const text = triedAsJson(tried);
  expect(triedFromJson(text)).toEqual(tried);
  expect(text).toContain('"document":{"@timestamp"');
  expect(text).toContain('"n":12345678901234567890123');
  expect(JSON.parse(text)).toMatchObject({
    records: [{ document: null }, { document: { kafka: { topic: "app" } } }],
  });
});

describe("what is not known is not claimed:", () => {
  test("nothing can be asked, but the documents are shown", async () => {
    const tried = await run(records, trialOf({ unknown: "no privilege" }).trial);
    expect(tried.problem).toBe("no privilege");
    expect(tried.outcomes).toMatchObject({ unknown: 4, skipped: 1, indexed: 0 });
    expect(tried.records.at(-1)?.document).toContain('"level":"warn"');
  });

  test("a topic that could not start waits", async () => {
    const tried = await run(records, trialOf({ blocked: "the name is taken" }).trial);
    expect(tried.outcomes).toMatchObject({ waits: 4, skipped: 1 });
    expect(tried.groups[0]).toMatchObject({ type: "blocked", text: "the name is taken", records: 4 });
  });
});

test("a trial is closed also after a failure", async () => {
  const { trial, closed } = trialOf({}, new Error("a bug"));
  expect(String(await rejection(run(records, trial)))).toContain("a bug");
  expect(closed()).toBe(1);
});

describe("the newest records:", () => {
  const many = (count: number, bytes = 10) =>
    Array.from({ length: count }, (_, offset) =>
      sourceRecord("x".repeat(bytes), { offset, timestamp: offset }),
    );
  const offsets = async (log: readonly SourceRecord[], last: number, end?: number) =>
    (
      await tryTopic(
        { spec: specification(), last, limits },
        {
          reader: readerOf(log, end),
          openTrial: () => trialOf().trial,
          now: () => 5,
          signal,
          deadline: signal,
        },
      )
    ).records.map(({ offset }) => offset);

  test("as many as asked for", async () => {
    expect(await offsets(many(50), 3)).toEqual([49, 48, 47]);
    expect(await offsets(many(2), 3)).toEqual([1, 0]);
    expect(await offsets([], 3)).toEqual([]);
  });

  test("holes, of transactions or compaction, make it read further back", async () => {
    const holed = many(100).filter(({ offset }) => offset < 60);
    expect(await offsets(holed, 5, 100)).toEqual([59, 58, 57, 56, 55]);
  });

  test("within 4 MB, the oldest of them are left out", async () => {
    const tried = await tryTopic(
      { spec: specification(), last: 10, limits },
      {
        reader: readerOf(many(10, 1_000_000)),
        openTrial: () => trialOf().trial,
        now: () => 5,
        signal,
        deadline: signal,
      },
    );
    expect(tried.records.map(({ offset }) => offset)).toEqual([9, 8, 7, 6]);
    expect(tried.notes[0]).toBe("only the newest 4 MB of them were tried");
  });

  test("late ones are left out, with a note; without any it fails", async () => {
    const late = AbortSignal.abort(new Error("late"));
    const stuck = (read: readonly SourceRecord[]) => ({
      ...readerOf(read),
      readSpans: async (...[, , onBatch]: Parameters<ReturnType<typeof readerOf>["readSpans"]>) => {
        if (read.length > 0) await onBatch({ partition: 0, records: read, start: 0, end: 9 });
        throw new Error("late");
      },
      ranges: async () => new Map([[0, { start: 0, end: 9 }]]),
    });
    const attempt = (read: readonly SourceRecord[]) =>
      tryTopic(
        { spec: specification(), last: 9, limits },
        { reader: stuck(read), openTrial: () => trialOf().trial, now: () => 5, signal, deadline: late },
      );
    const { notes, records: some } = await attempt(many(2));
    expect(some).toHaveLength(2);
    expect(notes[0]).toContain("did not deliver all of them in time");
    const error = await rejection(attempt([]));
    expect(error).toBeInstanceOf(PenstockError);
    expect(String(error)).toContain('no record of topic "app" in time');
  });
});
