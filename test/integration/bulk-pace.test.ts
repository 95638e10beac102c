import { expect, test } from "bun:test";
import { startStack } from "../../infra/stack/stack.ts";
import { addressesOf } from "../../infra/stack/state.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";

/** An Elasticsearch that writes one bulk at a time, queues two, and rejects further ones with 429. */
const narrow = { "thread_pool.write.size": "1", "thread_pool.write.queue_size": "2" };
const PLACES = 16;
const TOPICS = 8;
const RECORDS = 5_000;
const BATCH = 1_000;

async function metric(host: TestHost, pattern: RegExp): Promise<number> {
  const text = await (await host.fetch("/metrics")).text();
  return Number(pattern.exec(text)?.[1]);
}
const placesOf = (host: TestHost): Promise<number> => metric(host, /^penstock_bulk_concurrency (\d+)$/m);

test("429 of a real Elasticsearch: fewer bulks at once, all of them again once it recovers, and each record once", async () => {
  await using stack = await startStack({ elasticsearchSettings: narrow });
  await using servers = await connectStack(addressesOf(stack));
  const { nodes, bulk } = servers.config.elasticsearch;
  const topics = Array.from({ length: TOPICS }, () => uniqueName("pace"));
  for (const topic of topics) await servers.kafka.createTopic(topic, 2);
  const value = "a line of a log ".repeat(10);
  await Promise.all(
    topics.map(async (topic) => {
      for (let sent = 0; sent < RECORDS; sent += BATCH)
        await servers.kafka.produce(
          topic,
          Array.from({ length: BATCH }, () => ({ value })),
        );
    }),
  );
  await using host = await startTestHost({
    ...servers.config,
    elasticsearch: { nodes, bulk: { ...bulk, concurrency: PLACES, maxDocuments: 200 } },
    topics,
  });

  let fewest = PLACES;
  await eventually(
    "all topics have caught up",
    async () => {
      fewest = Math.min(fewest, await placesOf(host));
      const all = await host.topics();
      return (
        all.length === TOPICS && all.every(({ counts }) => counts.indexed + counts.duplicate === RECORDS)
      );
    },
    480_000,
  );
  const rejected = await metric(host, /^penstock_bulk_retries_total\{reason="too_many_requests"\} (\d+)$/m);
  process.stdout.write(`429: ${rejected} bulks to try again, ${fewest} bulks at once at the fewest\n`);
  expect(rejected).toBeGreaterThan(0);
  expect(fewest).toBeLessThanOrEqual(PLACES / 2);

  const [quiet = ""] = topics;
  let more = 0;
  await eventually(
    "all places are back",
    async () => {
      await servers.kafka.produce(quiet, [{ value }]);
      more += 1;
      return (await placesOf(host)) === PLACES;
    },
    240_000,
  );
  await host.untilTopic(
    quiet,
    "has caught up",
    ({ counts }) => counts.indexed + counts.duplicate === RECORDS + more,
  );
  for (const topic of topics)
    expect(await servers.elasticsearch.count(topic)).toBe(RECORDS + (topic === quiet ? more : 0));
}, 960_000);
