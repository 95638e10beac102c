import { describe, expect, test } from "bun:test";
import { ingestBatch } from "../../functions/ingest-batch.ts";
import type { SentEarlier } from "../../functions/ingest-batch/bulk-attempt.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { BulkAnswer, BulkItem } from "../../lib/rules/outcomes/bulk-answer.ts";
import type { Doubt } from "../../lib/rules/offsets/doubts.ts";
import { answering, busy, created, duplicate, input, rejected400, world } from "./ingest-world.ts";

/** Elasticsearch has the records at these offsets. */
function having(offsets: readonly number[], mayMove = true) {
  const asked: { readonly offsets: readonly number[]; readonly isSettled: boolean }[] = [];
  const sent: SentEarlier = {
    mayMove,
    async find(records, isSettled) {
      asked.push({ offsets: records.map(({ offset }) => offset), isSettled });
      return new Set(records.flatMap(({ offset }, at) => (offsets.includes(offset) ? [at] : [])));
    },
  };
  return { asked, sent };
}

const below = (end: number): Doubt => ({ isSettled: true, covers: ({ offset }) => offset < end });
const lost = (kind: "timeout" | "answer_too_large"): BulkAnswer => ({ failure: { kind, message: "lost" } });

describe("records that may have been sent before", () => {
  test("are looked up, and only the missing ones are sent, with those that are not doubtful", async () => {
    const { asked, sent } = having([0, 3]);
    const { requests, deps } = world(answering({}), { sent });
    const doubt = below(2);
    const result = await ingestBatch(input(["a", "b", "c", "d"], { doubt }), deps);
    expect(asked).toEqual([{ offsets: [0, 1], isSettled: true }]);
    expect(requests).toEqual([["b", "c", "d"]]);
    expect(result).toMatchObject({
      outcomes: ["duplicate", "indexed", "indexed", "indexed"],
      retry: null,
      unsure: null,
    });
  });

  test("are not sent if all of them are there", async () => {
    const { requests, deps } = world(answering({}), { sent: having([0, 1]).sent });
    const { outcomes } = await ingestBatch(input(["a", "b"], { doubt: below(9) }), deps);
    expect([outcomes, requests]).toEqual([["duplicate", "duplicate"], []]);
  });

  test("are not sent while they cannot be looked up", async () => {
    const error = new PenstockError("elasticsearch_unavailable", "no node answers");
    const sent: SentEarlier = { mayMove: true, find: () => Promise.reject(error) };
    const { requests, deps } = world(answering({}), { sent });
    const result = await ingestBatch(input(["a", "b"], { doubt: below(1) }), deps);
    expect(requests).toEqual([]);
    expect(result).toMatchObject({ outcomes: [null, null], unsure: "not_looked_up" });
    expect(result.retry?.message).toContain("no node answers");
  });
});

describe("the result", () => {
  const broken: BulkItem = {
    status: 503,
    result: null,
    error: { type: "unavailable_shards_exception", reason: "" },
  };

  test("is unknown without an answer, and if a shard broke; known if Elasticsearch refused", async () => {
    const unsureOf = async (answer: (messages: string[]) => BulkAnswer) =>
      (await ingestBatch(input(["a", "b"]), world(answer).deps)).unsure;
    expect(await unsureOf(() => lost("timeout"))).toBe("maybe_sent");
    expect(await unsureOf(answering({ b: broken }))).toBe("maybe_sent");
    expect(await unsureOf(answering({ b: busy }))).toBeNull();
    expect(await unsureOf(answering({}))).toBeNull();
  });
});

describe("an answer that is too large", () => {
  /** Writes the documents of a request, but not "b" of a large one, and answers only if it is small. */
  const writing = (documents: string[]) => (messages: string[]) => {
    const items = messages.map((message) => (documents.includes(message) ? duplicate : created));
    documents.push(...messages.filter((message) => messages.length === 1 || message !== "b"));
    return messages.length > 1 ? lost("answer_too_large") : { items };
  };

  test("of a request into a stream: what it wrote is looked up before the halves are sent", async () => {
    const { asked, sent } = having([0, 2]);
    const { requests, deps } = world(writing([]), { sent });
    const { outcomes, retry } = await ingestBatch(input(["a", "b", "c"]), deps);
    expect(asked).toEqual([{ offsets: [0, 1, 2], isSettled: false }]);
    expect(requests).toEqual([["a", "b", "c"], ["b"]]);
    expect([outcomes, retry]).toEqual([["duplicate", "indexed", "duplicate"], null]);
  });

  test("comes to an end even if nothing of it was written", async () => {
    const { requests, deps } = world(
      (messages) => (messages.length > 1 ? lost("answer_too_large") : { items: [created] }),
      { sent: having([]).sent },
    );
    const { outcomes } = await ingestBatch(input(["a", "b", "c"]), deps);
    expect(outcomes).toEqual(["indexed", "indexed", "indexed"]);
    expect(requests.map(({ length }) => length)).toEqual([3, 2, 1, 1, 1]);
  });

  test("of a request into an index needs no look-up", async () => {
    const { asked, sent } = having([], false);
    const { outcomes } = await ingestBatch(input(["a", "b"]), world(writing([]), { sent }).deps);
    expect([outcomes, asked]).toEqual([["duplicate", "indexed"], []]);
  });
});

test("a witness writes nothing where its record may be written a second time", async () => {
  const answers = answering({ odd: rejected400 });
  const bodies: string[] = [];
  const of = async (mayMove: boolean) => {
    const { deps } = world(answers, { sent: having([], mayMove).sent });
    bodies.length = 0;
    const { outcomes } = await ingestBatch(input(["fine", "odd"]), {
      ...deps,
      bulk: async (body, how) => {
        bodies.push(body.toString());
        const answer = await deps.bulk(body, how);
        // As a data stream answers to an operation other than `create`.
        const isWitness = body.toString().includes('{"index":');
        return isWitness && "items" in answer
          ? { items: [...answer.items.slice(0, -1), onlyCreates] }
          : answer;
      },
    });
    return outcomes;
  };
  expect(await of(false)).toEqual(["indexed", "dead-lettered"]);
  expect(bodies.join("")).not.toContain('{"index":');
  expect(await of(true)).toEqual(["indexed", "dead-lettered"]);
  const [, again = ""] = bodies;
  const lines = again.split("\n");
  expect(lines[0]).toStartWith('{"create":{"_index":"app","_id":"app:0:1:');
  // No document has this number, so nothing is written.
  expect(lines[2]).toStartWith(
    '{"index":{"if_seq_no":9007199254740991,"if_primary_term":1,"_index":"app","_id":"app:0:0:',
  );
  expect(lines[3]).toContain('"fine"');
});

const onlyCreates: BulkItem = {
  status: 400,
  result: null,
  error: {
    type: "illegal_argument_exception",
    reason: "only write ops with an op_type of create are allowed in data streams",
  },
};
