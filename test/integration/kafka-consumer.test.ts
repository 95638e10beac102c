import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Assignment } from "../../lib/adapters/kafka/assignment.ts";
import { startConsumer, type TopicConsumer } from "../../lib/adapters/kafka/consumer.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { kafkaSettings } from "../support/settings.ts";
import { connectStack, type StackClients } from "../support/stack-clients.ts";

describe("a consumer of one topic", () => {
  let servers: StackClients;
  beforeAll(async () => {
    servers = await connectStack();
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** A member of the topic's group, and what it was told. */
  function member(topic: string, signal: AbortSignal) {
    const assignments: Assignment[] = [];
    const crashes: unknown[] = [];
    const started: Promise<TopicConsumer> = startConsumer(
      {
        kafka: kafkaSettings({ brokers: servers.addresses.brokers }),
        topic,
        groupId: topic,
        startAt: "earliest",
        logger: createMemoryLogger(),
        listener: {
          onAssigned: (assignment) => void assignments.push(assignment),
          onLost: () => {},
          onBatch: async () => {},
          onPositions: () => {},
          fetchBytes: () => 1024 * 1024,
          onCrash: (error) => void crashes.push(error),
        },
      },
      signal,
    );
    return { started, assignments, crashes };
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
