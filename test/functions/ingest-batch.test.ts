import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ingestBatch } from "../../functions/ingest-batch.ts";
import type { BulkAnswer } from "../../lib/rules/outcomes/bulk-answer.ts";
import { rejection } from "../support/rejection.ts";
import { sourceRecord, specification } from "../support/records.ts";
import {
  answering,
  busy,
  created,
  duplicate,
  input,
  messagesOf,
  rejected400,
  tooLarge,
  unavailable,
  unreadable,
  world,
} from "./ingest-world.ts";

describe("outcomes by position", () => {
  test("one of each kind, over several requests", async () => {
    const { deps, letters, requests } = world(answering({ bad: unreadable, twice: duplicate, busy }));
    const result = await ingestBatch(input(["a", null, "bad", "twice", "busy", "b"]), deps);
    expect(result.outcomes).toEqual(["indexed", "skipped", "dead-lettered", "duplicate", null, "indexed"]);
    expect(result.retry?.code).toBe("too_many_requests");
    expect(requests).toEqual([
      ["a", "bad", "twice"],
      ["busy", "b"],
    ]);
    expect(letters.map((letter) => letter.value?.toString())).toEqual(["bad"]);
  });

  test("nothing to send, nothing to retry", async () => {
    const { deps, requests } = world(() => unavailable);
    expect(await ingestBatch(input([null]), deps)).toMatchObject({ outcomes: ["skipped"], retry: null });
    expect(await ingestBatch(input([]), deps)).toMatchObject({ outcomes: [], retry: null });
    expect(requests).toEqual([]);
  });

  test("an impossible timestamp is dead-lettered without being sent", async () => {
    const { deps, letters, requests } = world(answering({}));
    const records = [sourceRecord("m", { timestamp: -1 })];
    expect((await ingestBatch(input([], { records }), deps)).outcomes).toEqual(["dead-lettered"]);
    expect(requests).toEqual([]);
    expect(letters).toHaveLength(1);
  });

  test("the pipeline goes with the request", async () => {
    const pipelines: (string | null)[] = [];
    const { deps } = world(answering({}), {
      bulk: async (_, { pipeline }) => {
        pipelines.push(pipeline);
        return { items: [created] };
      },
    });
    await ingestBatch(input(["a"], { spec: specification({ pipeline: "p" }) }), deps);
    expect(pipelines).toEqual(["p"]);
  });
});

describe("an unknown 400", () => {
  test("is the record's own fault if another was written to the index, and it is refused again", async () => {
    const { deps } = world(answering({ odd: rejected400 }));
    expect((await ingestBatch(input(["odd", "fine"]), deps)).outcomes).toEqual(["dead-lettered", "indexed"]);
  });

  test("also if an earlier attempt had written one", async () => {
    const { deps } = world(answering({ odd: rejected400, again: duplicate }));
    expect((await ingestBatch(input(["odd", "again"]), deps)).outcomes).toEqual([
      "dead-lettered",
      "duplicate",
    ]);
  });

  test("is retried if none was, or only to another index", async () => {
    const { deps } = world(answering({ odd: rejected400, odder: rejected400 }));
    expect((await ingestBatch(input(["odd", "odder"]), deps)).outcomes).toEqual([null, null]);
    const spec = specification({ index: "app-{yyyy.MM.dd}" });
    const records = [sourceRecord("odd"), sourceRecord("fine", { timestamp: 0 })];
    expect((await ingestBatch(input([], { spec, records }), deps)).outcomes).toEqual([null, "indexed"]);
  });
});

describe("a request that fails as a whole", () => {
  test("ends the attempt: the rest is not sent", async () => {
    const { deps, requests } = world((messages) =>
      messages.includes("d") ? unavailable : answering({})(messages),
    );
    const result = await ingestBatch(input(["a", "b", "c", "d", "e", "f", "g"]), deps);
    expect(result.outcomes).toEqual(["indexed", "indexed", "indexed", null, null, null, null]);
    expect(result.retry?.code).toBe("server_error");
    expect(requests).toHaveLength(2);
  });

  test("with the wrong number of items leaves all outcomes unknown", async () => {
    const { deps } = world(() => ({ items: [created] }));
    expect(await ingestBatch(input(["a", "b"]), deps)).toMatchObject({
      outcomes: [null, null],
      retry: { code: "bad_answer" },
    });
  });

  test("413: is halved until only the giant is left, which is dead-lettered", async () => {
    const { deps, letters, requests } = world((messages) =>
      messages.includes("giant") ? tooLarge : answering({})(messages),
    );
    const result = await ingestBatch(
      input(["a", "giant", "b", "c"], { limits: { maxDocuments: 4, maxBytes: 1e6 } }),
      deps,
    );
    expect(result).toMatchObject({
      outcomes: ["indexed", "dead-lettered", "indexed", "indexed"],
      retry: null,
    });
    expect(requests).toEqual([["a", "giant", "b", "c"], ["a", "giant"], ["a"], ["giant"], ["b", "c"]]);
    const headers = letters[0]?.headers.map(({ name, value }) => [name, value?.toString()]);
    expect(headers).toContainEqual(["penstock.error.type", "document_too_large"]);
    expect(headers).toContainEqual(["penstock.status", "413"]);
  });

  test("with an answer too long to read is halved, and the document that causes it is retried", async () => {
    const endless: BulkAnswer = { failure: { kind: "answer_too_large", message: "over 9 bytes" } };
    const { deps, letters, requests } = world((messages) =>
      messages.includes("talkative") ? endless : answering({})(messages),
    );
    const limits = { maxDocuments: 4, maxBytes: 1e6 };
    expect(await ingestBatch(input(["a", "b", "c", "talkative"], { limits }), deps)).toMatchObject({
      outcomes: ["indexed", "indexed", "indexed", null],
      retry: { code: "bad_answer", message: "over 9 bytes" },
    });
    expect(requests).toHaveLength(5);
    expect(letters).toEqual([]);
  });
});

describe("dead letters", () => {
  test("count only once they are stored", async () => {
    const { deps } = world(answering({ bad: unreadable }), {
      deadLetters: { store: () => Promise.reject(new Error("no leader")) },
    });
    const result = await ingestBatch(input(["a", "bad"]), deps);
    expect(result.outcomes).toEqual(["indexed", null]);
    expect(result.retry).toMatchObject({
      code: "dead_letter_unavailable",
      message: expect.stringContaining("no leader"),
    });
  });

  test("are stored when a later request fails", async () => {
    const { deps } = world((messages) =>
      messages.includes("d") ? unavailable : answering({ bad: unreadable })(messages),
    );
    const result = await ingestBatch(input(["bad", "b", "c", "d"]), deps);
    expect(result.outcomes).toEqual(["dead-lettered", "indexed", "indexed", null]);
  });
});

describe("an abort", () => {
  test("ends the attempt, and returns the outcomes known so far", async () => {
    const stopping = new AbortController();
    const { deps } = world(answering({}), {
      signal: stopping.signal,
      bulk: async (body) => {
        stopping.signal.throwIfAborted();
        stopping.abort();
        return { items: messagesOf(body).map(() => created) };
      },
    });
    const result = await ingestBatch(input(["a", "b", "c", "d"]), deps);
    expect(result.outcomes).toEqual(["indexed", "indexed", "indexed", null]);
    expect(result.retry).not.toBeNull();
  });

  test("does not hide a programming error", async () => {
    const { deps } = world(answering({}), { bulk: () => Promise.reject(new TypeError("a bug")) });
    expect(await rejection(ingestBatch(input(["a"]), deps))).toMatchObject({ message: "a bug" });
  });
});

test("whatever the answer, each record has one outcome, or is retried for a reason", async () => {
  const item = fc.constantFrom(created, unreadable, rejected400, busy, duplicate);
  const spec = fc.constantFrom(specification(), specification({ format: "json" }));
  const answer = fc.oneof(
    fc.infiniteStream(item).map((stream) => (count: number): BulkAnswer => ({
      items: [...stream.take(count)],
    })),
    fc.constantFrom(unavailable, tooLarge, { items: [] }).map((answer) => (): BulkAnswer => answer),
  );
  const value = fc.oneof(
    fc.constant(null),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc
      .dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }))
      .map((object) => Buffer.from(JSON.stringify(object))),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 12 }),
      fc.infiniteStream(answer),
      spec,
      async (values, answers, spec) => {
        const { deps, letters } = world((messages) => answers.next().value(messages.length));
        const records = values.map((value, offset) => sourceRecord(value, { offset }));
        const { outcomes, retry, gaveWay } = await ingestBatch(input([], { records, spec }), deps);
        expect(outcomes).toHaveLength(values.length);
        for (const at of gaveWay.keys()) expect(outcomes[at]).toBeOneOf(["indexed", "duplicate"]);
        expect(retry !== null).toBe(outcomes.includes(null));
        expect(letters).toHaveLength(outcomes.filter((outcome) => outcome === "dead-lettered").length);
        for (const [at, value] of values.entries()) expect(outcomes[at] === "skipped").toBe(value === null);
      },
    ),
  );
});
