import { targetKey } from "../../lib/rules/template/template-target.ts";
import { describe, expect, test } from "bun:test";
import { ingestEvent, type IngestEventDeps } from "../../functions/ingest-event.ts";
import type { BulkItem } from "../../lib/rules/outcomes/bulk-answer.ts";
import type { DeadLetter } from "../../lib/rules/dead-letters/dead-letter.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { parseKafkaEvent } from "../../lib/rules/lambda-event.ts";
import { kafkaEvent } from "../support/kafka-event.ts";
import { sourceRecord, specification } from "../support/records.ts";
import { rejection } from "../support/rejection.ts";
import { nothingEarlier } from "../support/looked-up.ts";

const created: BulkItem = { status: 201, result: "created", error: null };
const duplicate: BulkItem = {
  status: 409,
  result: null,
  error: { type: "version_conflict_engine_exception", reason: "" },
};
const unreadable: BulkItem = {
  status: 400,
  result: null,
  error: { type: "document_parsing_exception", reason: "r" },
};
const blocked: BulkItem = {
  status: 403,
  result: null,
  error: {
    type: "cluster_block_exception",
    reason: "index [app] blocked by: [FORBIDDEN/8/index write (api)];",
  },
};
const limits = { maxDocuments: 100, maxBytes: 1e6 };

/** Elasticsearch answers depending on each document's message. Topics app and web are declared. */
function world(byMessage: Readonly<Record<string, BulkItem>> = {}, changes: Partial<IngestEventDeps> = {}) {
  const ids: string[] = [];
  const letters: DeadLetter[] = [];
  const covered: string[][] = [];
  const deps: IngestEventDeps = {
    specificationOf: (topic) =>
      ["app", "web"].includes(topic) ? specification({ topic, index: `${topic}-{yyyy.MM.dd}` }) : null,
    ensureTemplate: async (patterns) => {
      covered.push(patterns.map(targetKey));
      return Promise.resolve(new Map());
    },
    sentBefore: () => nothingEarlier,
    bulk: async (body) => {
      const lines = body.toString().trimEnd().split("\n");
      const items = lines.flatMap((line, at) => {
        const parsed = JSON.parse(line) as { create?: { _id: string }; message?: string };
        if (at % 2 === 0) ids.push(parsed.create?._id ?? "");
        return at % 2 === 0 ? [] : [byMessage[parsed.message ?? ""] ?? created];
      });
      return Promise.resolve({ items });
    },
    deadLetters: {
      store: async (stored) => {
        letters.push(...stored);
        return Promise.resolve();
      },
    },
    now: () => 0,
    signal: new AbortController().signal,
    ...changes,
  };
  return { ids, letters, covered, deps };
}

/** `topic-partition:message`, with offsets in order. */
function batchesOf(...records: string[]) {
  return parseKafkaEvent(
    kafkaEvent(
      records.map((text, offset) => {
        const [, topic = "", partition = "", message = ""] = /^(.*)-(\d+):(.*)$/.exec(text) ?? [];
        return { topic, record: sourceRecord(message, { partition: Number(partition), offset }) };
      }),
    ),
  );
}

test("each record counts once, under the id a consumer would give it; only those to send again have failed", async () => {
  const { deps, ids, letters } = world({
    bad: unreadable,
    old: duplicate,
    late: { ...blocked, status: 429 },
  });
  const batches = batchesOf("app-0:a", "app-1:bad", "app-0:late", "web-0:old", "app-0:b");
  expect(await ingestEvent({ batches, limits }, deps)).toEqual({
    counts: { indexed: 2, duplicate: 1, deadLettered: 1, skipped: 0 },
    failed: [{ name: "app-0", offsets: [2], code: "cluster_block", message: expect.stringContaining("429") }],
  });
  const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678).toString(36);
  expect(ids).toEqual(
    ["app:0:0", "app:0:2", "app:0:4", "app:1:1", "web:0:3"].map((start) => `${start}:${time}`),
  );
  expect(letters.map(({ value }) => value?.toString())).toEqual(["bad"]);
});

test("all records are looked up first behind a stream: the sender may have sent them before", async () => {
  const { deps, ids } = world(
    {},
    {
      sentBefore: ({ topic }) => ({
        mayMove: true,
        find: (records) => Promise.resolve(new Set(topic === "app" ? records.keys().take(1) : [])),
      }),
    },
  );
  const batches = batchesOf("app-0:a", "app-0:b", "web-0:c");
  expect((await ingestEvent({ batches, limits }, deps)).counts).toMatchObject({ indexed: 2, duplicate: 1 });
  expect(ids.map((id) => id.split(":").slice(0, 3).join(":"))).toEqual(["app:0:1", "web:0:2"]);
});

test("a record without a value is skipped, which is not a failure", async () => {
  const batches = parseKafkaEvent(kafkaEvent([{ topic: "app", record: sourceRecord(null) }]));
  expect(await ingestEvent({ batches, limits }, world().deps)).toEqual({
    counts: { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 1 },
    failed: [],
  });
});

test("an undeclared topic fails completely, with its name; the others are ingested", async () => {
  const { deps, ids, covered } = world();
  const { failed, counts } = await ingestEvent(
    { batches: batchesOf("gone-0:a", "gone-0:b", "web-3:c"), limits },
    deps,
  );
  const message = 'topic "gone" is not declared, so its index is unknown';
  expect(failed).toEqual([{ name: "gone-0", offsets: [0, 1], code: "not_declared", message }]);
  expect([counts.indexed, ids.length]).toEqual([1, 1]);
  expect(covered).toEqual([["web-*"]]);
});

describe("the index template", () => {
  test("is ensured once for all topics, before anything is written", async () => {
    const order: string[] = [];
    const { deps } = world();
    await ingestEvent(
      { batches: batchesOf("app-0:a", "web-0:b", "app-1:c"), limits },
      {
        ...deps,
        ensureTemplate: async (patterns) => {
          order.push(`template ${patterns.map(targetKey).join(" ")}`);
          return Promise.resolve(new Map());
        },
        bulk: async (body, how) => {
          order.push("bulk");
          return deps.bulk(body, how);
        },
      },
    );
    expect(order).toEqual(["template app-* web-*", "bulk", "bulk", "bulk"]);
  });

  test.each([
    ["elasticsearch_unavailable", true, "connection"],
    ["elasticsearch_refused", false, "other"],
  ] as const)(
    "that cannot be ensured (%s) fails every record, and nothing is written",
    async (code, retryable, reason) => {
      const { deps, ids } = world(
        {},
        {
          ensureTemplate: () => Promise.reject(new PenstockError(code, "away", { retryable })),
        },
      );
      const { failed } = await ingestEvent({ batches: batchesOf("app-0:a", "web-1:b"), limits }, deps);
      const message =
        "the index template could not be set up, and until it is, the topic cannot write as declared: away";
      expect(failed).toEqual([
        { name: "app-0", offsets: [0], code: reason, message },
        { name: "web-1", offsets: [1], code: reason, message },
      ]);
      expect(ids).toEqual([]);
    },
  );

  test("that cannot cover one topic's index fails that topic's records, and writes the others", async () => {
    const refusals = new Map([["web-*", "Elasticsearch answered 400: another template"]]);
    const { deps } = world({}, { ensureTemplate: () => Promise.resolve(refusals) });
    const { failed, counts } = await ingestEvent({ batches: batchesOf("app-0:a", "web-1:b"), limits }, deps);
    const message =
      "the index template could not be set up, and until it is, the topic cannot write as declared: Elasticsearch answered 400: another template";
    expect(failed).toEqual([{ name: "web-1", offsets: [1], code: "other", message }]);
    expect(counts.indexed).toBe(1);
  });

  test("does not hide a programming error", async () => {
    const { deps } = world({}, { ensureTemplate: () => Promise.reject(new TypeError("a bug")) });
    expect(await rejection(ingestEvent({ batches: batchesOf("app-0:a"), limits }, deps))).toMatchObject({
      message: "a bug",
    });
  });
});

test("an abort between two partitions leaves the first as it is and fails the second", async () => {
  const stopping = new AbortController();
  const { deps } = world();
  const { failed, counts } = await ingestEvent(
    { batches: batchesOf("app-0:a", "app-1:b"), limits },
    {
      ...deps,
      signal: stopping.signal,
      bulk: async () => {
        stopping.abort();
        return Promise.resolve({ items: [created] });
      },
    },
  );
  expect(counts.indexed).toBe(1);
  expect(failed).toMatchObject([{ name: "app-1", offsets: [1], code: "connection" }]);
});
