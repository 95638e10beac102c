import { expect, test } from "bun:test";
import { Partitioners } from "kafkajs";
import { percentile } from "../../infra/bench/kit/median.ts";
import { measureRollout } from "../../infra/bench/trials/rollout.ts";
import { expectQuick } from "../support/expect-quick.ts";
import { lettersIn, truthOf } from "../support/faults/verify.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

/** Far more than the steps take on a quiet machine; a partition idle for longer waited for a session timeout. */
const LONGEST_MS = 6_000;
const PER_SECOND = 1_000;
const PARTITIONS = [3, 4, 6, 3, 5, 3, 1, 1, 1];

const servers = useStack();

test(
  "three hosts under load are replaced one after another: nothing is lost or doubled, and each exits 0",
  () => expectQuick(LONGEST_MS, longestStandstill),
  960_000,
);

/** Replaces three hosts, and checks that all is well. @returns the longest time for which a partition stood still, in milliseconds */
async function longestStandstill(): Promise<number> {
  const run = uniqueName("rollout");
  const topics = PARTITIONS.map((partitions, n) => ({ topic: `${run}-${n}`, partitions }));
  await Promise.all(topics.map(({ topic, partitions }) => servers.kafka.createTopic(topic, partitions)));
  await using resources = new AsyncDisposableStack();
  const producer = servers.kafka.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  resources.defer(() => producer.disconnect());
  const found = await measureRollout(
    {
      brokers: servers.addresses.brokers,
      elasticsearchNode: servers.addresses.elasticsearchNode,
      producer,
      topics,
      recordsPerSecond: PER_SECOND,
      group: run,
      replicas: 3,
      ways: ["surge"],
      settleMs: 1_000,
      config: { deadLetters: servers.config.deadLetters },
    },
    AbortSignal.timeout(300_000),
  );
  process.stdout.write(`\n${JSON.stringify({ steps: found.steps, quietMs: found.quietMs })}\n`);

  expect([...found.steps.map(({ exitCode }) => exitCode), ...found.exitCodes]).toEqual([0, 0, 0, 0, 0, 0]);
  const letters = await lettersIn(servers.kafka, servers.config.deadLetters.topic);
  for (const plan of topics) {
    const sent = found.sent.get(plan.topic) ?? 0;
    const truth = await truthOf(servers, { ...plan, format: "text", poisonEvery: 0 }, letters, sent);
    expect({ ...truth, sent }).toEqual({
      topic: plan.topic,
      records: sent,
      indexed: sent,
      sent,
      deadLettered: 0,
      missing: [],
      doubled: [],
      lostNumbers: 0,
    });
    expect(sent).toBeGreaterThan(0);
    expect(await servers.kafka.committed(run, plan.topic)).toEqual(await servers.kafka.ends(plan.topic));
  }
  expect(found.created).toBe([...found.sent.values()].reduce((sum, count) => sum + count, 0));
  const partitions = PARTITIONS.reduce((sum, count) => sum + count, 0);
  for (const { standstillsMs } of found.steps) expect(standstillsMs).toHaveLength(partitions);
  return Math.max(
    ...found.steps.flatMap(({ standstillsMs, lagPeak }) => [
      percentile(standstillsMs, 1),
      (lagPeak / PER_SECOND) * 1_000,
    ]),
  );
}
