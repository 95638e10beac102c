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
    expect(await host.stop()).toBe(0);
  }

  await servers.kafka.produce(topic, lines(20));
  // kafkajs finds leaders only for topics it was asked about before.
  await servers.kafka.deleteBelow(topic, 10);

  await using host = await startTestHost(config);
  await host.untilTopic(topic, "reads on", (status) => committed(status) === 25);
  expect(await servers.elasticsearch.count(topic)).toBe(5 + 15);
}, 240_000);
