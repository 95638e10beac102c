import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { ingestBatch } from "../../../../functions/ingest-batch.ts";
import { createBulkGate } from "../../../../infra/host/bulks/bulk-gate.ts";
import { createBulkPost } from "../../../../infra/host/bulks/bulk-post.ts";
import type { SendBulk } from "../../../../infra/host/bulks/bulk-requests.ts";
import { createByteBudget } from "../../../../infra/host/shares/byte-budget.ts";
import { createHostCommitter } from "../../../../infra/host/shares/committer.ts";
import { DecodeTurns } from "../../../../infra/host/shares/decode-turns.ts";
import { createPump } from "../../../../infra/host/pump/pump.ts";
import type { Pump } from "../../../../infra/host/pump/pump.ts";
import { ProgressClock } from "../../../../infra/host/ledger/progress-clock.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import { createPlainEncoder } from "../../../../lib/rules/bulk/encoder.ts";
import type { BulkAnswer, BulkItem } from "../../../../lib/rules/outcomes/bulk-answer.ts";
import { documentId } from "../../../../lib/rules/documents/document-id.ts";
import { OutcomeMemory } from "../../../../lib/rules/outcomes/outcome-memory.ts";
import type { OutcomeKind } from "../../../../lib/rules/model/record.ts";
import { advance, flush } from "../../../support/fake-time.ts";
import { sourceRecord, specification } from "../../../support/records.ts";
import { fakedTime } from "./pump-world.ts";
import { concrete, lookedUpAt } from "../../../support/looked-up.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const created: BulkItem = { status: 201, result: "created", error: null };
const refused = (status: number): BulkItem => ({
  status,
  result: null,
  error: { type: "document_parsing_exception", reason: `of ${status}` },
});

/** Topics whose records go to one Elasticsearch, which is answered for by hand. */
function createWorld(names: readonly string[], maxBytes = 1e6) {
  const requests: {
    ids: string[];
    how: Parameters<SendBulk>[1];
    answer: (answer: BulkAnswer) => Promise<void>;
  }[] = [];
  const limits = () => ({ maxDocuments: 100, maxBytes, concurrency: 4 });
  const post = createBulkPost({
    checkTenures: () => true,
    gate: createBulkGate(4),
    limits,
    turns: new DecodeTurns(),
    time: fakedTime,
    send(body, how) {
      const { promise, resolve } = Promise.withResolvers<BulkAnswer>();
      const ids = [...String(body).matchAll(/"_id":"(.*?)"/g)].map(([, id = ""]) => id.slice(0, -9));
      // Over when the pumps have taken it.
      requests.push({ ids, how, answer: (answer) => (resolve(answer), flush()) });
      return promise;
    },
  });
  const commits: [string, number][] = [];
  const committer = createHostCommitter({
    time: fakedTime,
    async commit(entries) {
      for (const { tenure, offset } of entries) commits.push([tenure.topic, offset]);
      return new Map();
    },
  });
  const budget = createByteBudget({ maxBytes: 1e6, readAhead: 1e6 });
  const buried: string[] = [];
  /** Attempts of their own. */
  const attempts: string[] = [];
  const broken: unknown[] = [];
  const outcomes: Record<string, (OutcomeKind | null)[]> = {};
  const topics = new Map(
    names.map((topic) => {
      const spec = specification({ topic, index: topic });
      const told: (OutcomeKind | null)[] = (outcomes[topic] = []);
      const pump = createPump({
        async ingest(records, { number, proven, doubt, bulk }, signal) {
          attempts.push(topic);
          return ingestBatch(
            { spec, records, attempt: number, proven, doubt, limits: limits() },
            {
              bulk,
              deadLetters: { store: async (letters) => void buried.push(...letters.map(() => topic)) },
              now: () => 0,
              signal,
            },
          );
        },
        plain: {
          pipeline: null,
          pattern: topic,
          encode: createPlainEncoder(spec),
          idOf: (record) => documentId(topic, record),
          indexed: () => {},
        },
        memory: new OutcomeMemory(),
        before: concrete,
        post,
        committer,
        share: budget.join(() => {}),
        clock: new ProgressClock(),
        limits,
        time: fakedTime,
        events: {
          consumed: () => {},
          outcomes: (some) => void told.push(...some),
          retried: () => {},
          gaveWay: () => {},
          setAside: () => {},
          commitFailed: () => {},
          broken: (error) => void broken.push(error),
        },
      });
      const tenure = new Tenure(topic, 0);
      const source = { heardAtMs: null, seek: () => {}, letGo: () => {} };
      pump.own([{ ...lookedUpAt(tenure, null), source }]);
      return [topic, { pump, tenure, next: 0 }] as [string, { pump: Pump; tenure: Tenure; next: number }];
    }),
  );
  const write = (topic: string, ...values: readonly (string | null)[]): void => {
    const at = topics.get(topic);
    if (at === undefined) throw new Error(`no topic ${topic}`);
    const start = at.next;
    const records = values.map((value, n) => sourceRecord(value, { offset: start + n }));
    at.next += values.length;
    at.pump.take(at.tenure, { records, start, end: at.next });
  };
  /** Each had its first bulk, which goes alone. */
  const begin = async (): Promise<void> => {
    for (const topic of names) write(topic, "first");
    await flush();
    for (const { ids, answer } of requests.splice(0)) await answer({ items: ids.map(() => created) });
    await advance(500);
    commits.length = 0;
    for (const topic of names) outcomes[topic]?.splice(0);
  };
  return { write, begin, requests, attempts, outcomes, commits, buried, broken, budget, topics };
}

test("what many topics have to send is one request, and of what was written nothing else is made", async () => {
  const { write, begin, requests, attempts, outcomes, commits, broken, budget } = createWorld([
    "a",
    "b",
    "c",
  ]);
  await begin();
  write("a", "one", "two");
  write("b", "one");
  write("c", "one");
  await flush();
  expect(requests.map(({ ids }) => ids)).toEqual([["a:0:1", "a:0:2", "b:0:1", "c:0:1"]]);
  expect(requests[0]?.how.operations).toBe(4);
  expect(requests[0]?.how.pattern).toEqual(["a", "b", "c"]);
  expect(requests[0]?.how.documentAt(2)).toMatchObject({ index: "b" });
  await requests[0]?.answer({ items: [created, created, created, created] });
  await advance(500);
  expect(outcomes).toEqual({ a: ["indexed", "indexed"], b: ["indexed"], c: ["indexed"] });
  expect(commits.toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual([
    ["a", 3],
    ["b", 2],
    ["c", 2],
  ]);
  expect([attempts, broken, budget.usedBytes]).toEqual([[], [], 0]);
});

test("records that may have been sent before do not go the short way, and not with others", async () => {
  const { write, begin, requests, attempts, topics } = createWorld(["a", "b"]);
  await begin();
  const { pump, tenure } = topics.get("a") ?? {};
  if (pump === undefined || tenure === undefined) throw new Error("no topic a");
  const source = { heardAtMs: null, seek: () => {}, letGo: () => {} };
  pump.own([{ ...lookedUpAt(tenure, 1), doubtBelow: 2, source }]);
  write("a", "doubtful");
  write("b", "one");
  await flush();
  expect([attempts, requests.map(({ ids }) => ids)]).toEqual([["a"], [["b:0:1"], ["a:0:1"]]]);
});

test("a topic of which one was not goes on by itself, told what was answered; the others are done", async () => {
  const { write, begin, requests, attempts, outcomes, buried, budget } = createWorld(["a", "b"]);
  await begin();
  write("a", "one", "two");
  write("b", "one");
  await flush();
  await requests[0]?.answer({ items: [created, refused(400), created] });
  expect(outcomes).toEqual({ a: ["indexed", "dead-lettered"], b: ["indexed"] });
  expect([attempts, buried, requests.length]).toEqual([["a"], ["a"], 1]);
  write("b", "two");
  await flush();
  await requests[1]?.answer({
    items: [{ ...refused(409), error: { type: "version_conflict_engine_exception", reason: "" } }],
  });
  expect(outcomes["b"]).toEqual(["indexed", "duplicate"]);
  expect(budget.usedBytes).toBe(0);
});

test("what had no answer is sent again until it has one, in the pace of what is tried again", async () => {
  const { write, begin, requests, attempts, outcomes } = createWorld(["a", "b"]);
  await begin();
  write("a", "one");
  write("b", "one");
  await flush();
  await requests[0]?.answer({ failure: { kind: "connection", message: "gone" } });
  expect([attempts, outcomes]).toEqual([["a", "b"], { a: [null], b: [null] }]);
  await advance(1_000);
  expect(requests.slice(1).flatMap(({ ids }) => ids)).toEqual(["a:0:1", "b:0:1"]);
  for (const { ids, answer } of requests.slice(1)) await answer({ items: ids.map(() => created) });
  expect(outcomes).toEqual({ a: [null, "indexed"], b: [null, "indexed"] });
});

test("those that wait too long for a common answer are sent once more alone, whole", async () => {
  const { write, begin, requests, attempts, outcomes, topics } = createWorld(["a", "b"]);
  await begin();
  write("a", "one", "two");
  write("b", "one");
  await flush();
  await advance(2_000);
  expect(requests.slice(1).map(({ ids }) => ids)).toEqual([["a:0:1", "a:0:2"], ["b:0:1"]]);
  expect(requests[1]?.how).toMatchObject({ operations: 2, pattern: "a", pipeline: null });
  await requests[1]?.answer({ items: [created, created] });
  // Asked where the common answer, late as it is, tells of a failure store.
  expect(requests[0]?.how.documentAt(1).id).toStartWith("a:0:2:");
  topics.get("b")?.pump.close();
  await requests[2]?.answer({ items: [created] });
  await requests[0]?.answer({ items: [created, created, created] });
  expect([attempts, outcomes["a"]]).toEqual([[], ["indexed", "indexed"]]);
});

test("a record that is not ordinary has an attempt of its own, in the same request", async () => {
  const { write, begin, requests, attempts, outcomes } = createWorld(["a", "b", "c"]);
  await begin();
  write("a", "one");
  write("b", null, "two\r");
  write("c", null);
  await flush();
  expect(requests.map(({ ids }) => ids)).toEqual([["a:0:1", "b:0:2"]]);
  await requests[0]?.answer({ items: [created, created] });
  expect(attempts).toEqual(["b", "c"]);
  expect(outcomes).toEqual({ a: ["indexed"], b: ["skipped", "indexed"], c: ["skipped"] });
});

test("what its documents make too large for one request goes in several of its own attempt", async () => {
  const { write, begin, requests, attempts, outcomes, buried } = createWorld(["a"], 2_000);
  await begin();
  write("a", "x".repeat(900), "y".repeat(900));
  await flush();
  expect(requests.map(({ ids }) => ids)).toEqual([["a:0:1"]]);
  await requests[0]?.answer({ items: [created] });
  await requests[1]?.answer({ items: [refused(400)] });
  expect([attempts, outcomes, buried]).toEqual([["a"], { a: ["indexed", "dead-lettered"] }, ["a"]]);
});
