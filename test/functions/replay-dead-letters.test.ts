import { targetKey } from "../../lib/rules/template/template-target.ts";
import { describe, expect, test } from "bun:test";
import { NO_OUTCOMES, replayDeadLetters, type ReplayDeps } from "../../functions/replay-dead-letters.ts";
import type { BulkAnswer, BulkItem } from "../../lib/rules/outcomes/bulk-answer.ts";
import { deadLetterOf, withoutValue } from "../../lib/rules/dead-letters/dead-letter.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { SetAside, type SourceRecord } from "../../lib/rules/model/record.ts";
import { withoutStores } from "../support/failure-stores.ts";
import { FakeReader } from "../support/fake-reader.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { rejection } from "../support/rejection.ts";
import { sourceRecord, specification } from "../support/records.ts";
import { nothingEarlier } from "../support/looked-up.ts";

const created: BulkItem = { status: 201, result: "created", error: null };
const duplicate: BulkItem = {
  status: 409,
  result: null,
  error: { type: "version_conflict_engine_exception", reason: "" },
};
const failed = (status: number, type: string, reason: string): BulkItem => ({
  status,
  result: null,
  error: { type, reason },
});
const unavailable: BulkAnswer = { failure: { kind: "response", status: 503, error: null } };

interface Operation {
  readonly index: string;
  readonly id: string;
  readonly message: string;
}

/** The `create`s of a bulk body. */
function operationsOf(body: Buffer): Operation[] {
  const lines = body.toString().trimEnd().split("\n");
  return lines.flatMap((line, at) => {
    if (at % 2 === 1) return [];
    const action = JSON.parse(line) as { create: { _index: string; _id: string } };
    const source = JSON.parse(lines[at + 1] ?? "") as { message: string };
    return [{ index: action.create._index, id: action.create._id, message: source.message }];
  });
}

interface Buried {
  readonly topic?: string;
  /** Defaults to the topic's name. */
  readonly index?: string;
  readonly type?: string;
  readonly failedAt?: number;
  readonly omit?: boolean;
}

/** A dead-letter topic `dead`, and a fake Elasticsearch. */
function world(answer: (operation: Operation) => BulkItem = () => created) {
  const reader = new FakeReader();
  const stopping = new AbortController();
  const sent: Operation[] = [];
  const waits: number[] = [];
  const progress: unknown[] = [];
  const templates: string[] = [];
  const asked: string[] = [];
  /** Index and id of what was compared after it was written. */
  const compared: string[] = [];
  const there = new Set<string>();
  /** Others go to the index of their own name. */
  const specs = new Map<string, Specification>();
  const undeclared = new Set<string>();
  const bulks: { pipeline: string | null }[] = [];
  const deps: ReplayDeps = {
    reader,
    bulk: async (body, { pipeline }) => {
      bulks.push({ pipeline });
      const operations = operationsOf(body);
      sent.push(...operations);
      return Promise.resolve({ items: operations.map(answer) });
    },
    existingIds: async (index, ids) => {
      asked.push(index);
      return Promise.resolve(new Set(ids.filter((id) => there.has(id))));
    },
    sentBefore: () => nothingEarlier,
    removeExtraCopies: (index, ids) => {
      compared.push(...ids.map((id) => `${index} ${id}`));
      return Promise.resolve();
    },
    ensureTemplate: async (patterns) => {
      templates.push(...patterns.map(targetKey));
      return Promise.resolve(new Map());
    },
    specificationOf: (topic) =>
      undeclared.has(topic) ? null : (specs.get(topic) ?? specification({ topic, index: topic })),
    failureStores: withoutStores,
    specifications: () => [...specs.values()],
    wait: async (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    onProgress: (told) => void progress.push(told),
    now: () => Date.UTC(2026, 0, 3),
    random: () => 0,
    signal: stopping.signal,
  };
  let letters = 0;
  /** Puts a letter for a record into the topic. */
  const bury = (
    record: SourceRecord,
    { topic = "app", index, type = "document_parsing_exception", failedAt = 0, omit = false }: Buried = {},
  ): void => {
    const letter = deadLetterOf({
      topic,
      record,
      rejection: {
        status: 400,
        type,
        reason: "failed to parse field [n] of type [long]",
        index: index ?? topic,
      },
      attempts: 1,
      failedAt,
    });
    const { key, value, headers } = omit ? withoutValue(letter) : letter;
    reader.put("dead", { partition: 0, offset: letters, timestamp: 1, key, value, headers });
    letters += 1;
  };
  const run = (changes: Partial<Parameters<typeof replayDeadLetters>[0]> = {}) =>
    replayDeadLetters(
      {
        deadLetterTopic: "dead",
        filter: { topic: null, error: null, sinceMs: null },
        index: null,
        dryRun: false,
        limits: { maxDocuments: 100, maxBytes: 1e6 },
        ...changes,
      },
      deps,
    );
  return {
    reader,
    sent,
    waits,
    progress,
    templates,
    asked,
    compared,
    there,
    specs,
    undeclared,
    bulks,
    deps,
    stopping,
    bury,
    run,
  };
}

const at = (offset: number, value: string | null = `v${offset}`) => sourceRecord(value, { offset });
const idOf = (offset: number, topic = "app") => `${topic}:0:${offset}:${at(offset).timestamp.toString(36)}`;

describe("a replay", () => {
  test("ingests records under their ids to the index in the letter, with current settings", async () => {
    const { bury, run, sent, specs, bulks, progress, templates } = world();
    specs.set("app", specification({ index: "app-{yyyy.MM.dd}", pipeline: "today" }));
    bury(at(3), { index: "app-2020.01.01" });
    bury(at(5), { index: "app-2020.01.02" });
    const result = await run();
    expect(sent).toEqual([
      { index: "app-2020.01.01", id: idOf(3), message: "v3" },
      { index: "app-2020.01.02", id: idOf(5), message: "v5" },
    ]);
    expect(bulks.every(({ pipeline }) => pipeline === "today")).toBe(true);
    expect(result).toMatchObject({ read: 2, indexed: 2, stillRejected: 0, undeclared: [] });
    expect(progress.at(0)).toEqual({ read: 0, total: 2, outcomes: NO_OUTCOMES });
    expect(progress.at(-1)).toEqual({ read: 2, total: 2, outcomes: { ...NO_OUTCOMES, indexed: 2 } });
    expect(templates).toEqual([]);
  });

  test("goes to the requested index, made from the topic and the record's day, under the template", async () => {
    const { bury, run, sent, templates, asked } = world();
    bury(at(1));
    bury(at(2), { topic: "web" });
    bury(at(3));
    await run({ index: "again-{topic}-{yyyy.MM.dd}" });
    expect(sent.map(({ index }) => index)).toEqual([
      "again-app-2026.01.02",
      "again-app-2026.01.02",
      "again-web-2026.01.02",
    ]);
    expect(templates).toEqual(["again-app-*", "again-web-*"]);
    expect(asked).toEqual(["again-app-*", "again-web-*"]);
  });

  test("compares what it wrote with what others wrote at the same time, and nothing else", async () => {
    const { bury, run, there, compared } = world();
    there.add(idOf(1));
    bury(at(1));
    bury(at(2));
    await run({ dryRun: true });
    expect(compared).toEqual([]);
    await run({ index: "again-{yyyy.MM.dd}" });
    expect(compared).toEqual([`again-* ${idOf(2)}`]);
  });

  test("refuses an index that a topic's name makes impossible", async () => {
    const { bury, run } = world();
    bury(at(1), { topic: "UPPER", index: "upper" });
    expect(await rejection(run({ index: "{topic}-x" }))).toMatchObject({
      code: "usage",
      message: expect.stringContaining('topic "UPPER": its index "UPPER-x"'),
    });
  });

  test("leaves alone records found by id or reported as duplicates, and those that a pipeline drops", async () => {
    const { bury, run, sent, there } = world(({ message }) => {
      if (message === "v2") return duplicate;
      return message === "v3" ? { status: 200, result: "noop", error: null } : created;
    });
    there.add(idOf(1));
    for (const offset of [1, 2, 3, 4]) bury(at(offset));
    bury(at(5, null));
    expect(await run()).toMatchObject({ read: 5, alreadyThere: 2, skipped: 2, indexed: 1 });
    expect(sent.map(({ message }) => message)).toEqual(["v2", "v3", "v4"]);
  });

  test("counts further letters for the same record, and replays one", async () => {
    const { bury, run, sent, reader } = world();
    reader.batchRecords = 1;
    bury(at(1));
    bury(at(1));
    bury(sourceRecord("v1", { offset: 1, timestamp: 5 }));
    bury(at(1), { topic: "web" });
    expect(await run()).toMatchObject({ read: 4, doubles: 1, indexed: 3 });
    expect(sent).toBeArrayOfSize(3);
  });

  test("leaves out filtered letters, and reports records that are not letters", async () => {
    const { bury, run, reader, sent } = world();
    reader.put("dead", sourceRecord("stray", { offset: 0 }));
    bury(at(1), { failedAt: 1_000 });
    bury(at(2), { failedAt: 999 });
    bury(at(3), { failedAt: 1_000, topic: "web" });
    bury(at(4), { failedAt: 1_000, type: "other" });
    const filter = { topic: "app", error: "document_parsing_exception", sinceMs: 1_000 };
    expect(await run({ filter })).toMatchObject({
      read: 5,
      notLetters: 1,
      filteredOut: 3,
      indexed: 1,
      firstForeign: { partition: 0, offset: 0, reason: "it has no header penstock.topic" },
    });
    expect(sent.map(({ message }) => message)).toEqual(["v1"]);
  });

  test("reports records that are still rejected, with the current reason, and writes nothing else", async () => {
    const { bury, run } = world(({ message }) => {
      if (message === "v1")
        return failed(400, "document_parsing_exception", "failed to parse field [m] of type [ip]");
      // It waits for neither: an ambiguous 400, and a closed index.
      if (message === "v2") return failed(400, "illegal_argument_exception", "?");
      return failed(400, "index_closed_exception", "closed");
    });
    for (const offset of [1, 2, 3]) bury(at(offset));
    const result = await run();
    expect(result).toMatchObject({ indexed: 0, stillRejected: 3 });
    expect(result.byError.groups.map(({ field, error, count }) => [field, error, count])).toEqual([
      ["m", "document_parsing_exception", 1],
      [null, "illegal_argument_exception", 1],
      [null, "index_closed_exception", 1],
    ]);
    expect(result.byError.groups[0]?.sample).toMatchObject({ topic: "app", offset: 1, value: "v1" });
  });

  test("looks up what an attempt without an answer may have written, before the next one", async () => {
    const { bury, run, sent, deps } = world();
    bury(at(3));
    bury(at(5));
    const { bulk } = deps;
    let isLost = true;
    deps.bulk = async (...bulked) => {
      const answer = await bulk(...bulked);
      if (!isLost) return answer;
      isLost = false;
      return { failure: { kind: "timeout", message: "no answer" } };
    };
    const lookedUp: number[][] = [];
    deps.sentBefore = () => ({
      mayMove: true,
      find(records) {
        lookedUp.push(records.map(({ offset }) => offset));
        return Promise.resolve(new Set([0]));
      },
    });
    expect(await run()).toMatchObject({ indexed: 1, alreadyThere: 1 });
    expect(lookedUp).toEqual([[3, 5]]);
    expect(sent.map(({ id }) => id)).toEqual([idOf(3), idOf(5), idOf(5)]);
  });

  test("retries only what is not the record's fault", async () => {
    let answers = 0;
    const { bury, run, sent, waits } = world(({ message }) => {
      if (message !== "v2") return created;
      answers += 1;
      return answers < 3 ? failed(429, "es_rejected_execution_exception", "busy") : created;
    });
    for (const offset of [1, 2, 3]) bury(at(offset));
    expect(await run()).toMatchObject({ indexed: 3 });
    expect(sent.map(({ message }) => message)).toEqual(["v1", "v2", "v3", "v2", "v2"]);
    expect(waits).toEqual([100, 200]);
  });

  test("gives up after some attempts, naming topic and reason", async () => {
    const { bury, run, deps, waits } = world();
    deps.bulk = () => Promise.resolve(unavailable);
    bury(at(1));
    expect(await rejection(run())).toMatchObject({
      code: "elasticsearch_unavailable",
      message: expect.stringMatching(
        /^\d+ records of topic "app" .* could not be ingested in 8 attempts: .*503/,
      ),
    });
    expect(waits).toBeArrayOfSize(7);
  });

  test("an index that does not answer is left for the end; two in a row are the server", async () => {
    const { bury, run, deps, sent } = world();
    const silent = new PenstockError("elasticsearch_unavailable", "a shard of it is lost", {
      retryable: true,
    });
    const lost = new Set(["red"]);
    deps.existingIds = (index) => (lost.has(index) ? Promise.reject(silent) : Promise.resolve(new Set()));
    for (const [offset, topic] of ["a", "red", "b", "red", "c"].entries()) bury(at(offset), { topic });
    expect(await rejection(run())).toMatchObject({
      code: "elasticsearch_unavailable",
      retryable: true,
      message: "a shard of it is lost. Not all letters for red were taken; all others were tried",
    });
    expect(sent.map(({ index }) => index)).toEqual(["a", "b", "c"]);
    lost.add("b");
    expect(await rejection(run())).toMatchObject({
      message: "a shard of it is lost. Not all letters for red, b were taken; nothing after them was tried",
      cause: silent,
    });
  });

  test("ends when it is aborted", async () => {
    const { bury, run, deps, stopping } = world();
    const enough = new Error("enough");
    deps.bulk = () => {
      stopping.abort(enough);
      return Promise.resolve(unavailable);
    };
    bury(at(1));
    expect(await rejection(run())).toBe(enough);
  });

  test("has nothing to do if the dead-letter topic does not exist", async () => {
    expect(await world().run()).toMatchObject({ read: 0, indexed: 0 });
  });

  test("with an index given, treats records of topics no longer declared as text, and says so", async () => {
    const { bury, run, sent, undeclared } = world();
    undeclared.add("gone");
    bury(at(1, '{"n":1}'), { topic: "gone" });
    expect(await run()).toMatchObject({ indexed: 0, elsewhere: 1 });
    expect(await run({ index: "gone" })).toMatchObject({ indexed: 1, elsewhere: 0, undeclared: ["gone"] });
    expect(sent.map(({ message }) => message)).toEqual(['{"n":1}']);
  });

  test("leaves alone letters whose index is not one of their topic's, and lists all indices", async () => {
    const { bury, run, sent, asked, specs } = world();
    specs.set("app", specification({ index: "app-{yyyy.MM.dd}" }));
    bury(at(1), { index: "app-2026.01.02" });
    bury(at(2), { index: "app-{yyyy.MM.dd}" });
    const others = ["payroll", "app-secret", "app-2026.01.021", "xapp-2026.01.02"];
    for (const [n, index] of others.entries()) bury(at(10 + n), { index });
    bury(at(4), { topic: "web", index: "app-2026.01.02" });
    const told = [
      { index: "app-2026.01.02", letters: 1, elsewhere: false },
      { index: "app-{yyyy.MM.dd}", letters: 1, elsewhere: false },
    ];
    const dry = await run({ dryRun: true });
    expect(dry).toMatchObject({ wouldReplay: 2, elsewhere: 5 });
    expect(dry.byIndex.filter(({ elsewhere }) => !elsewhere)).toEqual(told);
    expect(dry.byIndex.filter(({ elsewhere }) => elsewhere).map(({ index }) => index)).toEqual([
      ...others,
      "app-2026.01.02",
    ]);
    await run();
    expect(new Set(asked)).toEqual(new Set(["app-2026.01.02", "app-*"]));
    expect(sent.map(({ index }) => index)).toEqual(["app-2026.01.02", "app-2026.01.02"]);
  });

  test("as a dry run writes nothing, and reports what it would replay", async () => {
    const { bury, run, sent, there, templates } = world();
    there.add(idOf(1));
    bury(at(1));
    bury(at(2));
    bury(at(3), { omit: true });
    const result = await run({ dryRun: true, index: "app-2" });
    expect(result).toMatchObject({ dryRun: true, read: 3, alreadyThere: 1, wouldReplay: 2, indexed: 0 });
    expect(result.byError.groups).toMatchObject([{ field: "n", count: 2 }]);
    expect([sent, templates]).toEqual([[], []]);
  });
});

describe("a letter for a whole record batch", () => {
  const tooLarge = (first: number, end: number) =>
    sourceRecord(null, {
      offset: first,
      setAside: new SetAside({ type: "batch_too_large", reason: "too large", end, records: end - first }),
    });

  test("ingests each of its records from the source, and recognizes those already there by id or answer", async () => {
    const { bury, run, sent, reader, there } = world(({ id }) => (id === idOf(3) ? duplicate : created));
    there.add(idOf(2));
    reader.batchRecords = 2;
    reader.put("app", ...[0, 1, 2, 3, 4, 5].map((offset) => at(offset)));
    bury(tooLarge(1, 5), { type: "batch_too_large" });
    expect(await run({ dryRun: true })).toMatchObject({ wouldReplay: 4, unrecoverable: 0 });
    expect(await run()).toMatchObject({ indexed: 2, alreadyThere: 2, unrecoverable: 0, stillRejected: 0 });
    expect(sent.map(({ id }) => id)).toEqual([1, 3, 4].map((offset) => idOf(offset)));
  });

  test("is still rejected if the source's batch is still too large, and unrecoverable if it was deleted", async () => {
    const { bury, run, sent, reader } = world();
    reader.put("app", tooLarge(1, 5), at(9));
    bury(tooLarge(1, 5));
    bury(tooLarge(6, 8));
    const result = await run();
    expect(result).toMatchObject({ indexed: 0, stillRejected: 4, unrecoverable: 2 });
    expect(result.byError.groups).toMatchObject([{ error: "batch_too_large", count: 1 }]);
    expect(sent).toEqual([]);
  });
});

describe("an omitted value", () => {
  test("is read from the source by its offset, with key and headers", async () => {
    const { bury, run, sent, reader } = world();
    const records = [0, 1, 2, 3].map((offset) => at(offset, `source ${offset}`));
    reader.put("app", ...records);
    for (const offset of [1, 3]) bury(at(offset), { omit: true });
    expect(await run()).toMatchObject({ indexed: 2, unrecoverable: 0 });
    expect(sent.map(({ id, message }) => [id, message])).toEqual([
      [idOf(1), "source 1"],
      [idOf(3), "source 3"],
    ]);
    expect(reader.reads.filter(({ topic }) => topic === "app")).toEqual([
      { topic: "app", partition: 0, start: 1, end: 2 },
      { topic: "app", partition: 0, start: 3, end: 4 },
    ]);
  });

  test("is unrecoverable if the record was deleted or replaced, or its topic was deleted", async () => {
    const { bury, run, sent, reader } = world();
    // 1 was deleted by retention, 2 is from a recreated topic, 9 is beyond its end.
    reader.put("app", sourceRecord("another", { offset: 2, timestamp: 7 }), at(3));
    for (const offset of [1, 2, 3, 9]) bury(at(offset), { omit: true });
    bury(at(4), { omit: true, topic: "deleted" });
    const result = await run();
    expect(result).toMatchObject({ indexed: 1, unrecoverable: 4, stillRejected: 0 });
    expect(result.unrecoverablePlaces).toEqual([
      { topic: "app", partition: 0, offset: 1 },
      { topic: "app", partition: 0, offset: 2 },
      { topic: "app", partition: 0, offset: 9 },
      { topic: "deleted", partition: 0, offset: 4 },
    ]);
    expect(sent.map(({ message }) => message)).toEqual(["v3"]);
  });
});
