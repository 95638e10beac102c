import { describe, expect, test } from "bun:test";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { withAdmin } from "../support/cluster/places.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { kafkaSettings } from "../support/settings.ts";
import { useStack } from "../support/stack-clients.ts";

const lines = (count: number, word: string) =>
  Array.from({ length: count }, (_, n) => ({ value: `${word} ${n}` }));
const committed = ({ partitions }: TopicStatus): number | null => partitions[0]?.committed ?? null;

describe("records that Kafka has deleted", () => {
  const servers = useStack();

  /** With its own group: a killed host stays a member for a while, and would block others. */
  const configOf = (topic: string): object => ({
    ...servers.config,
    kafka: { ...servers.config.kafka, group: topic },
    topics: [topic],
  });

  /** A host reads these, commits, and stops. */
  async function readAndStop(topic: string, count: number): Promise<void> {
    await using host = await startTestHost(configOf(topic));
    await host.untilTopic(topic, "has committed", (status) => committed(status) === count);
    expect(await host.stop()).toBe(0);
  }

  async function deleteRecords(topic: string, before: number): Promise<void> {
    // kafkajs finds leaders only for topics it was asked about before.
    await servers.kafka.deleteBelow(topic, before);
  }

  /** Commits without being a member, while there are none: kafkajs' admin omits the metadata. */
  async function commitAs(
    groupId: string,
    topic: string,
    position: { partition: number; offset: number; metadata: string | null },
  ): Promise<void> {
    const { brokers } = servers.kafka;
    const wire = createKafkaWire(kafkaSettings({ brokers }), createMemoryLogger());
    const how = { lane: "questions", timeoutMs: 60_000 } as const;
    try {
      const { nodeId } = await wire.call(null, "FindCoordinator", { groupId }, how);
      const request = { groupId, generation: -1, memberId: "", topics: [{ topic, partitions: [position] }] };
      const { topics } = await wire.call(nodeId, "OffsetCommit", request, how);
      expect(topics).toEqual([{ topic, partitions: [{ partition: 0, error: null }] }]);
    } finally {
      await wire.close();
    }
  }

  const messagesOf = async (topic: string): Promise<string[]> => {
    const found = await servers.elasticsearch.documents(topic);
    return found.map(({ _source }) => String(_source["message"]));
  };

  test("retention that outran the consumer: the rest is read, the lost range is in log, metric and GET /topics (connect#2366)", async () => {
    const topic = uniqueName("outrun");
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, lines(5, "first"));
    await readAndStop(topic, 5);
    await servers.kafka.produce(topic, lines(20, "second"));
    await deleteRecords(topic, 12);

    await using host = await startTestHost(configOf(topic));
    const status = await host.untilTopic(topic, "reads on", (status) => committed(status) === 25);
    expect(await servers.elasticsearch.count(topic)).toBe(5 + 13);
    expect(status.lost).toMatchObject([{ partition: 0, from: 5, to: 12, cause: "retention" }]);
    expect(await (await host.fetch("/metrics")).text()).toContain(
      `penstock_offsets_lost_total{topic="${topic}"} 7`,
    );
    expect(host.log().find(({ msg }) => msg === "records were lost in Kafka")).toMatchObject({
      topic,
      from: 5,
      to: 12,
      reason: "partition 0: Kafka deleted offsets 5 to 11 before they were read",
    });
  }, 240_000);

  test("a log that was created again and is longer than the old position is read from its start", async () => {
    const topic = uniqueName("outgrown");
    const groupId = topic;
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, lines(50, "old"));
    await readAndStop(topic, 50);
    const [group] = await withAdmin(servers.kafka, (admin) =>
      admin.fetchOffsets({ groupId, topics: [topic] }),
    );
    const metadata = group?.partitions[0]?.metadata ?? null;
    expect(metadata).toContain('"lastRecord":{"offset":49,');

    await servers.kafka.deleteTopic(topic);
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, lines(80, "new"));
    // Kafka deletes a topic's offsets with it, but one that a living member commits at that moment stays.
    await commitAs(groupId, topic, { partition: 0, offset: 50, metadata });

    await using host = await startTestHost(configOf(topic));
    const status = await host.untilTopic(topic, "has read the new log", (now) => committed(now) === 80);
    expect(status.lost).toMatchObject([{ partition: 0, from: 50, to: null, cause: "recreated" }]);
    const found = await messagesOf(topic);
    expect(new Set(found)).toEqual(
      new Set([...lines(50, "old"), ...lines(80, "new")].map(({ value }) => value)),
    );
    expect(found).toHaveLength(130);
  }, 240_000);

  test("a log that ends before the position is read from its start", async () => {
    const topic = uniqueName("shorter");
    const groupId = topic;
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, lines(30, "only"));
    await commitAs(groupId, topic, { partition: 0, offset: 500, metadata: null });

    await using host = await startTestHost(configOf(topic));
    const status = await host.untilTopic(topic, "has read it", (now) => committed(now) === 30);
    expect(await servers.elasticsearch.count(topic)).toBe(30);
    expect(status.lost).toMatchObject([{ partition: 0, from: 500, to: null, cause: "recreated" }]);
  }, 240_000);

  test("a topic deleted and created again under a running host: all records of the new one are read", async () => {
    const topic = uniqueName("swapped");
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, lines(40, "round-0"));
    await using host = await startTestHost(configOf(topic));
    await host.untilTopic(topic, "has committed", (status) => committed(status) === 40);
    const wanted = new Set(lines(40, "round-0").map(({ value }) => value));
    for (let round = 1; round <= 3; round += 1) {
      const again = lines(40 + 20 * round, `round-${round}`);
      await servers.kafka.deleteTopic(topic);
      await servers.kafka.createTopic(topic);
      await servers.kafka.produce(topic, again);
      for (const { value } of again) wanted.add(value);
      await host.untilTopic(
        topic,
        `has read round ${round}`,
        (status) => status.state === "running" && committed(status) === again.length,
      );
    }
    const found = await messagesOf(topic);
    expect(new Set(found)).toEqual(wanted);
    expect(found).toHaveLength(wanted.size);
  }, 480_000);
});
