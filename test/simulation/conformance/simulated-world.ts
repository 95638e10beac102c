import { seededRandom } from "../../../infra/bench/kit/random.ts";
import { sleep } from "../../../lib/rules/base/time.ts";
import { createSimulatedKafka, type SimulatedKafka } from "../kafka/cluster.ts";
import { partitionIn } from "../kafka/image.ts";
import { SimulatedRecords, type NewRecord } from "../kafka/records.ts";
import { createVirtualTime } from "../virtual-time.ts";
import type { ClusterRule, ConformanceCluster, ConformanceWorld, Rule } from "./world.ts";

/** Checks it against three simulated brokers. @throws what the rule throws */
export function showSimulatedCluster(rule: ClusterRule, seed: number): void {
  const random = seededRandom(seed);
  const time = createVirtualTime(random);
  const kafka = createSimulatedKafka({ time, random, initialRebalanceDelayMs: 500 });
  const cluster: ConformanceCluster = {
    ...worldOf(kafka, time),
    nodeIds: kafka.nodeIds,
    kill(nodeId) {
      kafka.kill(nodeId);
      return Promise.resolve();
    },
    async heal() {
      kafka.heal();
      await sleep(time, 5_000);
    },
    async reassign(topic, partition, to) {
      kafka.controller.reassign(topic, partition, [to]);
      await sleep(time, 1);
    },
  };
  time.settle(rule(cluster), 300_000);
}

/** Checks it against a simulated broker, in virtual time. @throws what the rule throws */
export function showSimulated(rule: Rule, seed: number): void {
  const random = seededRandom(seed);
  const time = createVirtualTime(random);
  const kafka = createSimulatedKafka({ time, random, brokers: 1, initialRebalanceDelayMs: 500 });
  time.settle(rule(worldOf(kafka, time)), 300_000);
}

function worldOf(kafka: SimulatedKafka, time: ReturnType<typeof createVirtualTime>): ConformanceWorld {
  let names = 0;
  const name = (what: string): string => `${what}-${(names += 1)}`;
  const written = async (write: () => unknown): Promise<void> => {
    while (write() === null) await sleep(time, 10);
    // Until it is shown.
    await sleep(time, 10);
  };
  const recordOf = (bytes: number): NewRecord => ({
    timestamp: time.now(),
    key: null,
    value: Buffer.alloc(bytes, "v"),
    headers: [],
  });
  return {
    openWire: () => kafka.openWire(name("client")),
    async createTopic(partitions) {
      const topic = name("topic");
      kafka.createTopic(topic, partitions);
      await sleep(time, 2_000);
      return { topic, leader: partitionIn(kafka.controller.image, topic, 0)?.leader ?? -1 };
    },
    deleteTopic(topic) {
      kafka.deleteTopic(topic);
      return Promise.resolve();
    },
    async produce(topic, partition, batches, bytes = 100) {
      for (let batch = 0; batch < batches; batch += 1)
        await written(() => kafka.append(topic, partition, [recordOf(bytes)]));
    },
    beginTransaction() {
      const producerId = 1_000 + (names += 1);
      const parts = new Map<string, { readonly topic: string; readonly partition: number }>();
      return Promise.resolve({
        async produce(topic, partition) {
          parts.set(`${topic} ${partition}`, { topic, partition });
          await written(() => kafka.append(topic, partition, [recordOf(100)], producerId));
        },
        async end(how) {
          for (const { topic, partition } of parts.values())
            await written(() => (kafka.endTransaction(topic, partition, producerId, how) ? true : null));
        },
      });
    },
    expire(topic, partition, before) {
      kafka.expire(topic, partition, before);
      return Promise.resolve();
    },
    groupId: () => name("group"),
    initialRebalanceDelayMs: 500,
    sleep: (ms) => sleep(time, ms),
    monotonicMs: () => time.monotonicMs(),
    lateMs: 0,
    batchesIn(records) {
      if (!(records instanceof SimulatedRecords)) throw new TypeError("not from a simulated broker");
      return records.batches.map(({ baseOffset, lastOffset }) => ({ first: baseOffset, last: lastOffset }));
    },
  };
}
