import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { OutcomeCounts } from "../../lib/rules/progress/status.ts";
import {
  type ElasticsearchStub,
  type Mishap,
  startElasticsearchStub,
} from "../support/elasticsearch-stub.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { readAll } from "../support/read-topic.ts";
import { makeIndexOfNumbers, unforgiving } from "../support/refused.ts";
import * as recorded from "../support/recorded/bulk-answers.ts";
import { useStack } from "../support/stack-clients.ts";

interface Case {
  readonly name: string;
  readonly mishaps: readonly Mishap[];
  /** Out of 30 records; outcomes not named are 0. */
  readonly counts: Partial<OutcomeCounts>;
  /** Documents in the index; by default, as many as were indexed. */
  readonly documents?: number;
  /** Bulks needed. */
  readonly bulks: number;
  /** `reason` of the one log line about it; null if nothing is retried. */
  readonly retried: string | null;
}

const RECORDS = 30;
/** Records whose field `n` is not a number. */
const POISON = new Set([7, 21]);
const third = (position: number): boolean => position % 3 === 0;
const refused = (item: object, hits = third): Mishap => ({ kind: "some refused", hits, item });
const answered = (answer: { readonly status: number; readonly body: object | string }): Mishap => ({
  kind: "answered",
  ...answer,
});

const all = { indexed: RECORDS };
const absorbed = { counts: { duplicate: RECORDS }, documents: RECORDS, bulks: 2 };
const cases: readonly Case[] = [
  {
    name: "429 for some items: only those are sent again (vector#25799, kafka-connect-elasticsearch#739)",
    mishaps: [refused(recorded.itemTooMany), refused(recorded.itemTooMany)],
    counts: all,
    bulks: 3,
    retried: "too_many_requests",
  },
  {
    name: "429 for the whole bulk",
    mishaps: [answered(recorded.wholeTooMany)],
    counts: all,
    bulks: 2,
    retried: "too_many_requests",
  },
  {
    name: "503 for some items",
    mishaps: [refused(recorded.itemUnavailable)],
    counts: all,
    bulks: 2,
    retried: "server_error",
  },
  {
    name: "503 for the whole bulk, from a cluster without a master",
    mishaps: [answered(recorded.wholeWithoutMaster)],
    counts: all,
    bulks: 2,
    retried: "cluster_block",
  },
  {
    name: "502 with an HTML page",
    mishaps: [answered(recorded.badGateway)],
    counts: all,
    bulks: 2,
    retried: "server_error",
  },
  {
    name: "401 for the whole bulk",
    mishaps: [answered(recorded.wholeUnauthenticated)],
    counts: all,
    bulks: 2,
    retried: "unauthorized",
  },
  {
    name: "403 for every item",
    mishaps: [refused(recorded.itemForbidden, () => true)],
    counts: all,
    bulks: 2,
    retried: "unauthorized",
  },
  {
    name: "a connection closed after the work was done: duplicates are absorbed (fluent-bit#4905)",
    mishaps: [{ kind: "cut" }],
    ...absorbed,
    retried: "connection",
  },
  {
    name: "a truncated answer after the work was done",
    mishaps: [{ kind: "truncated" }],
    ...absorbed,
    retried: "connection",
  },
  {
    name: "an answer with too few items: none of them is trusted",
    mishaps: [{ kind: "too few items" }],
    ...absorbed,
    retried: "bad_answer",
  },
  {
    name: "an ingest pipeline drops some: skipped",
    mishaps: [refused(recorded.itemDropped)],
    counts: { indexed: 20, skipped: 10 },
    bulks: 1,
    retried: null,
  },
  {
    name: "an ingest pipeline fails for some and works for others: dead letters",
    mishaps: [refused(recorded.itemFailedByPipeline), refused(recorded.itemFailedByPipeline, () => true)],
    counts: { indexed: 20, deadLettered: 10 },
    bulks: 2,
    retried: null,
  },
  {
    name: "an ingest pipeline that is repaired in between: no record's fault",
    mishaps: [refused(recorded.itemFailedByPipeline, (position) => position < 10)],
    counts: all,
    bulks: 2,
    retried: null,
  },
];

describe("outcomes of a bulk:", () => {
  const run = uniqueName("outcome");
  const topicOf = (n: number): string => `${run}.${n}`;
  const giant = `${run}.giant`;
  const mixed = `${run}.mixed`;
  const servers = useStack();
  let stub: ElasticsearchStub;
  let host: TestHost;

  beforeAll(async () => {
    stub = await startElasticsearchStub(servers.addresses.elasticsearchNode);
    const topics = [...cases.map((_, n) => topicOf(n)), giant, mixed];
    await Promise.all(topics.map((topic) => servers.kafka.createTopic(topic)));
    host = await startTestHost({
      ...servers.config,
      kafka: { ...servers.config.kafka, group: run },
      elasticsearch: { nodes: [stub.url] },
      topics: topics.map((topic) => Object.assign({ topic }, unforgiving)),
    });
    // A bulk that has to wait for its index is retried.
    for (const topic of topics) {
      await host.untilTopic(topic, "runs", ({ state }) => state === "running");
      if (topic !== mixed) await servers.elasticsearch.demand("PUT", `/${topic}`);
    }
  }, 480_000);
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    await stub?.[Symbol.asyncDispose]();
  });

  /** Sends them as one batch, waits until there is no lag, and checks that Kafka's own count agrees. */
  async function move(topic: string, values: readonly string[]): Promise<OutcomeCounts> {
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    await servers.kafka.produce(
      topic,
      values.map((value) => ({ value })),
    );
    const { counts, state } = await host.untilTopic(
      topic,
      `has committed ${values.length}`,
      ({ partitions }) => partitions[0]?.committed === values.length && partitions[0].lag === 0,
    );
    expect(state).toBe("running");
    expect(await servers.kafka.committed(run, topic)).toEqual(new Map([[0, values.length]]));
    return counts;
  }

  const retriedFor = (topic: string): unknown[] =>
    host
      .log()
      .filter((line) => line["msg"] === "records are retried" && line["topic"] === topic)
      .map((line) => line["reason"]);

  /** What a real server may add to the answers that are planned. */
  const BUSY = new Set(["too_many_requests", "timeout", "connection", "server_error"]);
  const none: OutcomeCounts = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };

  for (const [n, { name, mishaps, counts, documents, bulks, retried }] of cases.entries()) {
    test(
      name,
      async () => {
        const topic = topicOf(n);
        stub.meet(topic, ...mishaps);
        const values = Array.from({ length: RECORDS }, (_, at) => JSON.stringify({ n: at }));
        const moved = await move(topic, values);
        const told = retriedFor(topic);
        expect(await servers.elasticsearch.count(topic)).toBe(documents ?? counts.indexed ?? 0);
        // A busy Elasticsearch behind the stub may refuse some bulk by itself: then it is not known what the others met.
        if (told.some((reason) => reason !== retried && BUSY.has(String(reason)))) return;
        expect(moved).toEqual({ ...none, ...counts });
        expect(stub.bulks(topic)).toBe(bulks);
        expect(told).toEqual(retried === null ? [] : [retried]);
      },
      240_000,
    );
  }

  test("413: halved until only the giant is left, which becomes a dead letter (beats#14350)", async () => {
    stub.limit(giant, 20_000);
    const values = Array.from({ length: RECORDS }, (_, at) =>
      JSON.stringify({ n: at, text: "x".repeat(at === 11 ? 30_000 : 100) }),
    );
    expect(await move(giant, values)).toEqual({ ...none, indexed: RECORDS - 1, deadLettered: 1 });
    expect(await servers.elasticsearch.count(giant)).toBe(RECORDS - 1);
    const letter = await letterOf(giant, 11);
    expect(letter).toMatchObject({ "penstock.error.type": "document_too_large", "penstock.status": "413" });
    expect(retriedFor(giant)).toEqual([]);
  }, 240_000);

  test("mapping errors and 429 in one bulk: each item has its own outcome", async () => {
    await makeIndexOfNumbers(servers.elasticsearch, mixed);
    stub.meet(mixed, refused(recorded.itemTooMany));
    const values = Array.from({ length: RECORDS }, (_, at) =>
      JSON.stringify({ n: POISON.has(at) ? `number ${at}` : at }),
    );
    expect(await move(mixed, values)).toEqual({
      ...none,
      indexed: RECORDS - POISON.size,
      deadLettered: POISON.size,
    });
    const indexed = await servers.elasticsearch.documents(mixed);
    expect(indexed.map(({ _source }) => _source["n"])).toEqual(
      Array.from({ length: RECORDS }, (_, at) => at).filter((at) => !POISON.has(at)),
    );
    // 7 was refused at once; 21 was among those to be retried.
    expect((await letterOf(mixed, 7))["penstock.attempts"]).toBe("1");
    expect((await letterOf(mixed, 21))["penstock.attempts"]).toBe("2");
  }, 240_000);

  /** What the dead letter of an offset says about itself. */
  async function letterOf(topic: string, offset: number): Promise<Record<string, string>> {
    return eventually(`${topic}/0@${offset} has a dead letter`, async () => {
      const letters = await readAll(servers.kafka, servers.config.deadLetters.topic);
      const headers = letters.map((letter) =>
        Object.fromEntries(letter.headers.map((header) => [header.name, String(header.value)])),
      );
      return (
        headers.find(
          (about) => about["penstock.topic"] === topic && about["penstock.offset"] === String(offset),
        ) ?? null
      );
    });
  }
});
