import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { createRequire } from "node:module";
import { KafkaJSConnectionError } from "kafkajs";
import type { Assignment } from "../../lib/adapters/kafka/assignment.ts";
import { startConsumer, type TopicConsumer } from "../../lib/adapters/kafka/consumer.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { kafkaSettings } from "../support/settings.ts";
import { connectStack, type StackClients } from "../support/stack-clients.ts";

const require = createRequire(import.meta.url);
const Cluster = require("kafkajs/src/cluster") as {
  readonly prototype: { fetchTopicsOffset: (topics: unknown) => Promise<unknown> };
};

describe("a consumer of one topic", () => {
  let servers: StackClients;
  beforeAll(async () => {
    servers = await connectStack();
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** A member of the topic's group, and what it was told. */
  function member(topic: string, signal: AbortSignal, host = topic) {
    const assignments: Assignment[] = [];
    const crashes: unknown[] = [];
    /** What happened, in order. */
    const story: string[] = [];
    const started: Promise<TopicConsumer> = startConsumer(
      {
        kafka: kafkaSettings({ brokers: servers.addresses.brokers }),
        topic,
        groupId: topic,
        startAt: "earliest",
        sharing: { host, turn: () => 0 },
        logger: createMemoryLogger(),
        listener: {
          onAssigned(assignment) {
            assignments.push(assignment);
            story.push("assigned");
          },
          onLost: () => {},
          async onRebalance() {
            story.push("rebalance");
            const commit = assignments.at(-1)?.commit(new Map([[0, 0]]), new Map());
            await commit?.then(
              () => story.push("committed"),
              () => story.push("not committed"),
            );
          },
          async onFetched(batch) {
            await batch.decode();
            return () => {};
          },
          onBatch: async () => {},
          onPositions: () => {},
          fetchBytes: () => 1024 * 1024,
          onCrash: (error) => void crashes.push(error),
        },
      },
      signal,
    );
    return { started, assignments, crashes, story };
  }

  async function membersOf(groupId: string): Promise<number> {
    const admin = servers.kafka.kafka.admin();
    await admin.connect();
    try {
      const { groups } = await admin.describeGroups([groupId]);
      return groups[0]?.members.length ?? 0;
    } finally {
      await admin.disconnect();
    }
  }

  test("the signal of its start means nothing once it has joined, for later rebalances neither", async () => {
    const topic = uniqueName("rejoin");
    await servers.kafka.createTopic(topic, 2);
    const starting = new AbortController();
    const first = member(topic, starting.signal);
    const firstConsumer = await first.started;
    starting.abort();
    const second = member(topic, AbortSignal.timeout(30_000));
    const secondConsumer = await second.started;
    try {
      const latest = await eventually("the first has one partition", () => {
        const assignment = first.assignments.at(-1);
        return assignment?.committed.size === 1 ? assignment : null;
      });
      expect(latest.generation).toBe(second.assignments.at(-1)?.generation ?? -1);
      expect(first.crashes).toEqual([]);
    } finally {
      await Promise.all([firstConsumer.stop(), secondConsumer.stop()]);
    }
    expect(await membersOf(topic)).toBe(0);
  }, 60_000);

  test("one that is asked notices a rebalance in its long poll, and may commit before it joins again", async () => {
    const topic = uniqueName("asked");
    await servers.kafka.createTopic(topic);
    const first = member(topic, AbortSignal.timeout(30_000));
    const firstConsumer = await first.started;
    const startedAt = performance.now();
    const second = member(topic, AbortSignal.timeout(30_000));
    const asking = setInterval(() => firstConsumer.lookForRebalance(), 100);
    const secondConsumer = await second.started;
    clearInterval(asking);
    try {
      // Its long poll takes 5 s.
      expect(performance.now() - startedAt).toBeLessThan(3_500);
      await eventually("the first has joined again", () => first.assignments.length > 1);
      expect(first.story.slice(0, 4)).toEqual(["assigned", "rebalance", "committed", "assigned"]);
      expect([...first.crashes, ...second.crashes]).toEqual([]);
    } finally {
      await Promise.all([firstConsumer.stop(), secondConsumer.stop()]);
    }
  }, 60_000);

  test("joins again where it could not find out where to read on", async () => {
    const topic = uniqueName("unopened");
    await servers.kafka.createTopic(topic);
    // Hosts take turns by name: the one partition stays with the first.
    const first = member(topic, AbortSignal.timeout(30_000), "a");
    const firstConsumer = await first.started;
    const consumers = [firstConsumer];
    const asking = setInterval(() => consumers.forEach((one) => one.lookForRebalance()), 100);
    const fetchTopicsOffset = spyOn(Cluster.prototype, "fetchTopicsOffset");
    fetchTopicsOffset.mockRejectedValueOnce(new KafkaJSConnectionError("Connection error: read ECONNRESET"));
    try {
      await first.assignments[0]?.commit(new Map([[0, 0]]), new Map());
      const second = member(topic, AbortSignal.timeout(30_000), "b");
      consumers.push(await second.started);
      const told = await eventually("the first was assigned anew, or crashed", () =>
        first.assignments.length > 1 || first.crashes.length > 0 ? first.story : null,
      );
      expect(told).toEqual(["assigned", "rebalance", "committed", "rebalance", "not committed", "assigned"]);
      expect(first.crashes).toEqual([]);
    } finally {
      fetchTopicsOffset.mockRestore();
      clearInterval(asking);
      await Promise.all(consumers.map((one) => one.stop()));
    }
  }, 60_000);

  test("shares its group with a member that knows kafkajs' own assigner only, as an older version does", async () => {
    const topic = uniqueName("older");
    await servers.kafka.createTopic(topic, 2);
    const older = servers.kafka.kafka.consumer({
      groupId: topic,
      maxWaitTimeInMs: 200,
      heartbeatInterval: 200,
    });
    const shares: (readonly number[] | undefined)[] = [];
    older.on(older.events.GROUP_JOIN, ({ payload }) => void shares.push(payload.memberAssignment[topic]));
    await older.connect();
    await older.subscribe({ topics: [topic] });
    await older.run({ eachMessage: () => Promise.resolve() });
    const newer = member(topic, AbortSignal.timeout(30_000));
    const consumer = await newer.started;
    try {
      await eventually("the older one has joined again", () => shares.at(-1)?.length === 1);
      expect(newer.assignments.at(-1)?.committed.size).toBe(1);
      await older.disconnect();
      const asking = setInterval(() => consumer.lookForRebalance(), 100);
      await eventually("the newer one has both", () => newer.assignments.at(-1)?.committed.size === 2);
      clearInterval(asking);
    } finally {
      await Promise.all([older.disconnect(), consumer.stop()]);
    }
    expect(newer.crashes).toEqual([]);
  }, 60_000);

  test("a start that is called off at any moment leaves no member behind", async () => {
    const topic = uniqueName("called-off");
    await servers.kafka.createTopic(topic);
    let joined = 0;
    for (let afterMs = 0; joined < 3; afterMs += 3) {
      const starting = new AbortController();
      const { started } = member(topic, starting.signal);
      const timer = setTimeout(() => starting.abort(new Error("called off")), afterMs);
      try {
        const consumer = await started;
        clearTimeout(timer);
        joined += 1;
        await consumer.stop();
      } catch (error) {
        expect(error).toMatchObject({ message: expect.stringContaining("called off") });
      }
      expect(await membersOf(topic)).toBe(0);
    }
  }, 60_000);
});
