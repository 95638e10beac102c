import { expect, test } from "bun:test";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const lines = (from: number) => Array.from({ length: 50 }, (_, n) => ({ value: `line ${from + n}` }));

test("a hung node neither blocks a topic nor makes the host unready", async () => {
  await using servers = await connectStack();
  const [node = ""] = servers.config.elasticsearch.nodes;
  await using hung = await startTcpProxy(node);
  await using well = await startTcpProxy(node);
  const topic = uniqueName("hung-node");
  await servers.kafka.createTopic(topic);
  await servers.kafka.produce(topic, lines(0));
  hung.block("requests");
  const elasticsearch = { nodes: [hung.url, well.url], bulk: { requestTimeout: "2s" } };

  // Hung from the start.
  await using host = await startTestHost({ ...servers.config, elasticsearch, topics: [topic] });
  const indexed = (count: number) =>
    host.untilTopic(topic, `index ${count}`, ({ counts }) => counts.indexed + counts.duplicate >= count);
  await indexed(50);
  // The first check of the node may still be running.
  await host.untilReady();

  // While records flow: the bulks it holds are delayed, then the node is left out.
  hung.unblock();
  for (let round = 1; round <= 3; round += 1) {
    hung.block("requests");
    await servers.kafka.produce(topic, lines(round * 50));
    await indexed((round + 1) * 50);
    hung.unblock();
  }
  const status = await host.untilTopic(topic, "run", ({ state }) => state === "running");
  expect(status.counts).toMatchObject({ deadLettered: 0, skipped: 0 });
  expect(await servers.elasticsearch.count(topic)).toBe(200);
}, 240_000);
