import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CompressionTypes } from "kafkajs";
import type { ReadRecordsResult } from "../../functions/read-records.ts";
import type { ShownEntry } from "../../lib/rules/inspection/shown-record.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { transactWithJava } from "../support/java-producer.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const token = "a-token-that-may-do-everything";
const readOnlyToken = "a-token-that-may-only-look";

describe("records as they lie in Kafka", () => {
  const servers = useStack();
  let host: TestHost;
  const run = uniqueName("records");
  const declared = `${run}-declared`;
  const foreign = `${run}-foreign`;

  beforeAll(async () => {
    await servers.kafka.createTopic(declared, 2);
    await servers.kafka.createTopic(foreign);
    const http = { port: 0, token, readOnlyToken };
    host = await startTestHost({ ...servers.config, http, topics: [declared] });
  }, 240_000);
  afterAll(() => host[Symbol.asyncDispose]());

  const answer = (query: string, by = token) =>
    host.answer(`/records?${query}`, { headers: { authorization: `Bearer ${by}` } });
  async function records(query: string): Promise<ReadRecordsResult> {
    const found = await answer(query);
    if (!found.ok) throw new Error(await found.text());
    return (await found.json()) as ReadRecordsResult;
  }
  const summary = (entries: readonly ShownEntry[]) =>
    entries.map((entry) =>
      entry.kind === "record" ? (entry.value?.content ?? null) : `${entry.from}-${entry.end} ${entry.why}`,
    );

  test("shows key, value, headers, time and batch; of an offset, a time and the end", async () => {
    const at = (n: number) => Date.UTC(2026, 0, 1, 0, 0, n);
    const messages = Array.from({ length: 30 }, (_, n) => ({
      key: `key ${n}`,
      value: n === 7 ? Buffer.from([0xff, 0x00, 0xfe]) : n === 8 ? null : `line ${n}`,
      headers: { trace: [`a${n}`, Buffer.from([0x80])] },
      partition: 1,
      timestamp: String(at(n)),
    }));
    await servers.kafka.produce(
      foreign,
      [0, 1].map((n) => ({ value: `line ${n}` })),
    );
    await servers.kafka.produce(declared, messages, CompressionTypes.GZIP);

    const found = await records(`topic=${declared}&partition=1&offset=6&limit=3`);
    expect(found).toMatchObject({ logStart: 0, highWatermark: 30, lastStableOffset: 30, next: 9 });
    expect(summary(found.entries)).toEqual(["line 6", "/wD+", null]);
    expect(found.entries[1]).toEqual({
      kind: "record",
      partition: 1,
      offset: 7,
      timestamp: "2026-01-01T00:00:07.000Z",
      timestampMs: at(7),
      key: { bytes: 5, encoding: "utf8", content: "key 7", cut: false },
      value: { bytes: 3, encoding: "base64", content: "/wD+", cut: false },
      headers: [
        { name: "trace", value: { bytes: 2, encoding: "utf8", content: "a7", cut: false } },
        { name: "trace", value: { bytes: 1, encoding: "base64", content: "gA==", cut: false } },
      ],
      headerCount: 2,
      batch: {
        firstOffset: 0,
        lastOffset: 29,
        bytes: expect.any(Number),
        compression: "gzip",
        timestamps: "create",
        transactional: false,
        format: 2,
      },
    });
    const timed = await records(`topic=${declared}&partition=1&from=2026-01-01T00:00:27Z`);
    expect(summary(timed.entries)).toEqual(["line 27", "line 28", "line 29"]);
    const newest = await records(`topic=${declared}&partition=1&limit=2`);
    expect(summary(newest.entries)).toEqual(["line 28", "line 29"]);
  }, 240_000);

  test("a long value is cut between characters, and whole on demand", async () => {
    const long = "ä".repeat(10_000);
    await servers.kafka.produce(declared, [{ value: `x${long}`, partition: 0 }]);
    const [cut] = (await records(`topic=${declared}&partition=0&limit=1`)).entries;
    expect(cut).toMatchObject({ value: { bytes: 20_001, cut: true, content: `x${"ä".repeat(2_047)}` } });
    const [whole] = (await records(`topic=${declared}&partition=0&limit=1&whole=true`)).entries;
    expect(whole).toMatchObject({ value: { cut: false, content: `x${long}` } });
  }, 240_000);

  test("says what lies at an offset without a record", async () => {
    const topic = `${run}-gaps`;
    await servers.kafka.createTopic(topic);
    const kept = ["A:begin", "A:send:kept 1", "A:commit"];
    const aborted = ["A:begin", "A:send:aborted 1", "A:send:aborted 2", "A:abort"];
    await transactWithJava(servers.addresses.brokers, topic, [...kept, ...aborted, ...kept]);
    await servers.kafka.deleteBelow(topic, 1);
    const { entries, next, logStart } = await records(`topic=${topic}&partition=0&offset=0`);
    expect({ next, logStart }).toEqual({ next: 7, logStart: 1 });
    expect(summary(entries)).toEqual([
      "0-1 deleted",
      "1-2 commit marker",
      "2-4 aborted",
      "4-5 abort marker",
      "kept 1",
      "6-7 commit marker",
    ]);
    const behind = await records(`topic=${topic}&partition=0&offset=9`);
    expect(summary(behind.entries)).toEqual(["9-10 not written"]);
  }, 240_000);

  test("an open transaction is said, and nothing behind it is shown", async () => {
    const topic = `${run}-open`;
    await servers.kafka.createTopic(topic);
    const producer = servers.kafka.kafka.producer({
      transactionalId: topic,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: "open" }] });
    const { entries } = await records(`topic=${topic}&partition=0&offset=0`);
    await transaction.abort();
    await producer.disconnect();
    expect(summary(entries)).toEqual(["0-1 open transaction"]);
  }, 240_000);

  test("a topic that nobody declared needs the full token; Kafka's own are never shown", async () => {
    expect((await answer(`topic=${foreign}&partition=0`, readOnlyToken)).status).toBe(403);
    expect((await answer(`topic=${declared}&partition=0`, readOnlyToken)).status).toBe(200);
    expect(summary((await records(`topic=${foreign}&partition=0`)).entries)).toEqual(["line 0", "line 1"]);
    const internal = await answer("topic=__consumer_offsets&partition=0");
    expect({ status: internal.status, text: await internal.text() }).toMatchObject({
      status: 403,
      text: expect.stringContaining("Kafka's own"),
    });
  }, 240_000);

  test("bad input is told: topic, partition, parameters", async () => {
    const fault = async (query: string) => {
      const { status, detail } = (await (await answer(query)).json()) as { status: number; detail: string };
      return [status, detail];
    };
    expect(await fault(`topic=${run}-nowhere&partition=0`)).toEqual([
      404,
      `topic "${run}-nowhere" does not exist in Kafka.`,
    ]);
    expect(await fault(`topic=${declared}&partition=2`)).toEqual([
      400,
      `partition 2 does not exist: topic "${declared}" has 2, counted from 0.`,
    ]);
    expect(await fault(`topic=${declared}&partition=0&offset=1&from=now`)).toEqual([
      400,
      'from "now" must not be given together with offset.',
    ]);
    expect(await fault(`topic=${declared}&partition=0&whole=true`)).toEqual([
      400,
      'whole "true" needs limit=1.',
    ]);
    expect(await fault(`topic=${declared}&partition=0&from=soon`)).toEqual([
      400,
      expect.stringMatching(/^from "soon" must be ISO 8601/),
    ]);
  }, 240_000);
});
