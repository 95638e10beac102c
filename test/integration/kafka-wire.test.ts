import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { isMoving } from "../../lib/rules/trouble/kafka-words.ts";
import type { CallOptions, FetchRequest, KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import { eventually } from "../support/eventually.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { rejection } from "../support/rejection.ts";
import { kafkaSettings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";

const QUESTION: CallOptions = { lane: "questions", timeoutMs: 60_000 };
const topic = uniqueName("wire");
const missing = uniqueName("missing");
let kafka: TestKafka;
let wire: KafkaWire;
let node: number;

beforeAll(async () => {
  const { brokers } = await testStack();
  kafka = await connectTestKafka(brokers);
  await kafka.createTopic(topic, 3);
  await kafka.produce(
    topic,
    [0, 0, 1].map((partition) => ({ partition, value: "m" })),
  );
  wire = createKafkaWire(kafkaSettings({ brokers }), createMemoryLogger());
  const { topics } = await wire.call(null, "Metadata", { topics: [topic] }, QUESTION);
  node = topics[0]?.partitions[0]?.leader ?? -1;
});
afterAll(async () => {
  await wire.close();
  await kafka[Symbol.asyncDispose]();
});

describe("requests to a broker", () => {
  test("Metadata: of named topics, a missing one, all, none", async () => {
    const named = await wire.call(null, "Metadata", { topics: [topic, missing] }, QUESTION);
    expect(named.brokers).toContainEqual({
      nodeId: node,
      host: "127.0.0.1",
      port: expect.any(Number),
      rack: null,
    });
    const found = named.topics.find((entry) => entry.topic === topic);
    expect(found?.error).toBeNull();
    expect(found?.partitions.toSorted((a, b) => a.partition - b.partition)).toEqual(
      [0, 1, 2].map((partition) => ({ partition, error: null, leader: node })),
    );
    expect(named.topics.find((entry) => entry.topic === missing)).toEqual({
      topic: missing,
      error: "UNKNOWN_TOPIC_OR_PARTITION",
      partitions: [],
    });
    const all = await wire.call(node, "Metadata", { topics: null }, QUESTION);
    expect(all.topics.map((entry) => entry.topic)).toContain(topic);
    // The last request named it, but it still does not exist.
    expect(all.topics.map((entry) => entry.topic)).not.toContain(missing);
    expect(await wire.call(node, "Metadata", { topics: [] }, QUESTION)).toEqual({
      brokers: named.brokers,
      topics: [],
    });
  });

  test("ListOffsets: where logs begin and end, and one partition's error beside the others", async () => {
    const topics = [{ topic, partitions: [0, 1, 2, 9] }];
    const of = async (at: "earliest" | "latest") => {
      const answer = await wire.call(node, "ListOffsets", { at, topics }, QUESTION);
      expect(answer.topics.map((entry) => entry.topic)).toEqual([topic]);
      return answer.topics[0]?.partitions.toSorted((a, b) => a.partition - b.partition);
    };
    const unknown = { partition: 9, error: "UNKNOWN_TOPIC_OR_PARTITION", offset: -1 };
    expect(await of("earliest")).toEqual([
      { partition: 0, error: null, offset: 0 },
      { partition: 1, error: null, offset: 0 },
      { partition: 2, error: null, offset: 0 },
      unknown,
    ]);
    expect(await of("latest")).toEqual([
      { partition: 0, error: null, offset: 2 },
      { partition: 1, error: null, offset: 1 },
      { partition: 2, error: null, offset: 0 },
      unknown,
    ]);
  });

  test("a group from its first join to its end, and the refusals of a stale member", async () => {
    const groupId = uniqueName("wire-group");
    const join = (memberId: string) =>
      wire.call(
        node,
        "JoinGroup",
        {
          groupId,
          sessionTimeoutMs: 60_000,
          rebalanceTimeoutMs: 60_000,
          memberId,
          protocolType: "consumer",
          protocols: [{ name: "penstock", metadata: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) }],
        },
        { lane: "group", timeoutMs: 60_000 },
      );
    // A fresh cluster creates its offsets topic at the first request, and its leader loads it some time after that.
    const first = await eventually("the group has a coordinator", async () => {
      const coordinator = await wire.call(null, "FindCoordinator", { groupId }, QUESTION);
      if (coordinator.error !== null || coordinator.nodeId !== node) return undefined;
      const answer = await join("");
      return answer.error !== null && isMoving(answer.error) ? undefined : answer;
    });
    expect(first.error).toBe("MEMBER_ID_REQUIRED");
    expect(first.memberId).not.toBe("");
    const { memberId } = first;
    const joined = await join(memberId);
    expect(joined).toEqual({
      error: null,
      generation: 1,
      protocol: "penstock",
      leader: memberId,
      memberId,
      members: [{ memberId, metadata: Buffer.alloc(10) }],
    });
    const token = { groupId, generation: 1, memberId };
    const synced = await wire.call(
      node,
      "SyncGroup",
      { ...token, assignments: [{ memberId, assignment: Buffer.from("mine") }] },
      QUESTION,
    );
    expect(synced).toEqual({ error: null, assignment: Buffer.from("mine") });
    expect(await wire.call(node, "Heartbeat", token, QUESTION)).toEqual({ error: null });
    expect(await wire.call(node, "Heartbeat", { ...token, generation: 7 }, QUESTION)).toEqual({
      error: "ILLEGAL_GENERATION",
    });

    const commit = (generation: number) =>
      wire.call(
        node,
        "OffsetCommit",
        {
          ...token,
          generation,
          topics: [
            {
              topic,
              partitions: [
                { partition: 0, offset: 2 ** 33 + 5, metadata: "überlegt" },
                { partition: 1, offset: 1, metadata: null },
                { partition: 2, offset: 0, metadata: "x".repeat(5_000) },
              ],
            },
          ],
        },
        QUESTION,
      );
    expect(await commit(1)).toEqual({
      topics: [
        {
          topic,
          partitions: [
            { partition: 0, error: null },
            { partition: 1, error: null },
            { partition: 2, error: "OFFSET_METADATA_TOO_LARGE" },
          ],
        },
      ],
    });
    const stale = await commit(9);
    expect(stale.topics[0]?.partitions.map(({ error }) => error)).toEqual([
      "ILLEGAL_GENERATION",
      "ILLEGAL_GENERATION",
      "ILLEGAL_GENERATION",
    ]);

    const topics = [{ topic, partitions: [0, 1, 2] }];
    expect(await wire.call(node, "OffsetFetch", { groupId, topics }, QUESTION)).toEqual({
      error: null,
      topics: [
        {
          topic,
          partitions: [
            { partition: 0, error: null, offset: 2 ** 33 + 5, metadata: "überlegt" },
            { partition: 1, error: null, offset: 1, metadata: "" },
            { partition: 2, error: null, offset: -1, metadata: "" },
          ],
        },
      ],
    });
    expect(await wire.call(node, "LeaveGroup", { groupId, memberId }, QUESTION)).toEqual({ error: null });
    expect(await wire.call(node, "Heartbeat", token, QUESTION)).toEqual({ error: "UNKNOWN_MEMBER_ID" });
  });
});

describe("Fetch", () => {
  const ask = (request: Partial<FetchRequest>, how: Partial<CallOptions> = {}) =>
    wire.call(
      node,
      "Fetch",
      {
        maxWaitMs: 300,
        minBytes: 1,
        maxBytes: 1_000_000,
        sessionId: 0,
        sessionEpoch: -1,
        rack: "",
        topics: [],
        forgotten: [],
        ...request,
      },
      { lane: "tail", timeoutMs: 60_000, ...how },
    );
  const from = (partition: number, fetchOffset: number) => ({ partition, fetchOffset, maxBytes: 100_000 });

  test("without a session: records of each partition, and errors beside them", async () => {
    const answer = await ask({
      topics: [
        { topic, partitions: [from(0, 1), from(2, 0), from(1, 50)] },
        { topic: missing, partitions: [from(0, 0)] },
      ],
    });
    expect({ error: answer.error, sessionId: answer.sessionId }).toEqual({ error: null, sessionId: 0 });
    const partitions = answer.topics.find((entry) => entry.topic === topic)?.partitions ?? [];
    const zero = partitions.find(({ partition }) => partition === 0);
    expect(zero).toMatchObject({
      error: null,
      highWatermark: 2,
      lastStableOffset: 2,
      logStart: 0,
      aborted: [],
      preferredReadReplica: -1,
    });
    expect(zero?.records?.byteLength).toBeGreaterThan(61);
    expect(partitions.find(({ partition }) => partition === 2)).toMatchObject({
      highWatermark: 0,
      records: null,
    });
    expect(partitions.find(({ partition }) => partition === 1)).toMatchObject({
      error: "OFFSET_OUT_OF_RANGE",
    });
    const other = answer.topics.find((entry) => entry.topic === missing)?.partitions;
    expect(other).toMatchObject([{ partition: 0, error: "UNKNOWN_TOPIC_OR_PARTITION", records: null }]);
  });

  test("a session sends only changes, adds partitions, and forgets others", async () => {
    const tail = uniqueName("wire-tail");
    await kafka.createTopic(tail, 3);
    const opened = await ask({
      sessionEpoch: 0,
      topics: [{ topic: tail, partitions: [from(0, 0), from(1, 0)] }],
    });
    const { sessionId } = opened;
    expect(sessionId).toBeGreaterThan(0);
    expect(opened.topics[0]?.partitions).toHaveLength(2);
    expect(await ask({ sessionId, sessionEpoch: 1 })).toEqual({ error: null, sessionId, topics: [] });

    // Partition 2 is not in the session yet.
    await kafka.produce(
      tail,
      [1, 2].map((partition) => ({ partition, value: "m" })),
    );
    const told = await ask({ sessionId, sessionEpoch: 2 });
    expect(told.topics.map((entry) => entry.partitions.map(({ partition }) => partition))).toEqual([[1]]);
    const grown = await ask({
      sessionId,
      sessionEpoch: 3,
      topics: [{ topic: tail, partitions: [from(1, 1), from(2, 0)] }],
      forgotten: [{ topic: tail, partitions: [0] }],
    });
    expect(grown.topics.map((entry) => entry.partitions.map(({ partition }) => partition))).toEqual([[2]]);

    // Partition 0 is not in it any more.
    await kafka.produce(tail, [{ partition: 0, value: "m" }]);
    const forgot = await ask({
      sessionId,
      sessionEpoch: 4,
      topics: [{ topic: tail, partitions: [from(2, 1)] }],
    });
    expect(forgot.topics).toEqual([]);
    expect((await ask({ sessionId, sessionEpoch: 9 })).error).toBe("INVALID_FETCH_SESSION_EPOCH");
    expect((await ask({ sessionId: sessionId + 1, sessionEpoch: 1 })).error).toBe(
      "FETCH_SESSION_ID_NOT_FOUND",
    );
  });

  test("a long poll that is cut ends at once, and the next uses a new connection", async () => {
    const poll = rejection(ask({ maxWaitMs: 50_000, topics: [{ topic, partitions: [from(2, 0)] }] }));
    await Bun.sleep(200);
    const before = performance.now();
    wire.cut(node, "tail");
    expect(await poll).toMatchObject({ code: "kafka_unavailable", retryable: true });
    expect(performance.now() - before).toBeLessThan(20_000);
    const again = await ask({ topics: [{ topic, partitions: [from(0, 0)] }] });
    expect(again.topics[0]?.partitions[0]?.records).not.toBeNull();
  });

  test("a cancelled call throws the signal's reason", async () => {
    const control = new AbortController();
    const poll = rejection(
      ask({ topics: [{ topic, partitions: [from(2, 0)] }] }, { signal: control.signal }),
    );
    const reason = new Error("nobody wants it any more");
    control.abort(reason);
    expect(await poll).toBe(reason);
  });
});
