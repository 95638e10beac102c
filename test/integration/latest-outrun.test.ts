import { expect, test } from "bun:test";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";

const lines = (count: number) => Array.from({ length: count }, (_, n) => ({ value: `line ${n}` }));
const committed = ({ partitions }: TopicStatus): number | null => partitions[0]?.committed ?? null;

test("with startAt: latest, records left after retention outran the group are read, not skipped", async () => {
  await using servers = await connectStack();
  const topic = uniqueName("outrun");
  await servers.kafka.createTopic(topic);
  const config = { ...servers.config, topics: [{ topic, startAt: "latest" }] };
  {
    await using host = await startTestHost(config);
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    await servers.kafka.produce(topic, lines(5));
    await host.untilTopic(topic, "has committed", (status) => committed(status) === 5);
    host.signal("SIGTERM");
    expect(await host.exited).toBe(0);
  }

  await servers.kafka.produce(topic, lines(20));
  const admin = servers.kafka.kafka.admin();
  await admin.connect();
  // kafkajs finds leaders only for topics it was asked about before.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "10" }] });
  await admin.disconnect();

  await using host = await startTestHost(config);
  const { counts } = await host.untilTopic(topic, "reads on", (status) => committed(status) === 25);
  expect(counts.indexed).toBe(15);
}, 240_000);
