import type { Admin } from "kafkajs";
import { createKafkaWire } from "../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { KafkaWire, RecordsBlob } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "../../support/kafka.ts";
import { createMemoryLogger } from "../../support/memory-logger.ts";
import { kafkaSettings } from "../../support/settings.ts";
import { QUESTION, type ConformanceWorld } from "./world.ts";

export interface RealWorld extends ConformanceWorld, AsyncDisposable {
  readonly admin: Admin;
}

/** For these brokers. */
export async function openRealWorld(
  brokers: readonly string[],
  initialRebalanceDelayMs: number,
): Promise<RealWorld> {
  const kafka = await connectTestKafka(brokers);
  const admin = kafka.kafka.admin();
  await admin.connect();
  // One per topic: kafkajs' clients fail on a topic they knew that was deleted.
  const clients = new Map<string, TestKafka>();
  const clientOf = (topic: string): TestKafka => {
    const client = clients.get(topic);
    if (client === undefined) throw new Error(`no topic ${topic}`);
    return client;
  };
  const wires: KafkaWire[] = [];
  const openWire = (): KafkaWire => {
    const wire = createKafkaWire(kafkaSettings({ brokers }), createMemoryLogger());
    wires.push(wire);
    return wire;
  };
  const asking = openWire();
  const value = (bytes: number): Buffer => Buffer.alloc(bytes, "v");
  return {
    admin,
    openWire,
    async createTopic(partitions) {
      const topic = uniqueName("conformance");
      const client = await connectTestKafka(brokers);
      clients.set(topic, client);
      await client.createTopic(topic, partitions);
      const { topics } = await asking.call(null, "Metadata", { topics: [topic] }, QUESTION);
      return { topic, leader: topics[0]?.partitions[0]?.leader ?? -1 };
    },
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    async produce(topic, partition, batches, bytes = 100) {
      for (let batch = 0; batch < batches; batch += 1)
        await clientOf(topic).produce(topic, [{ partition, value: value(bytes) }]);
    },
    async beginTransaction() {
      const producer = kafka.kafka.producer({
        transactionalId: uniqueName("transaction"),
        maxInFlightRequests: 1,
        idempotent: true,
      });
      await producer.connect();
      const transaction = await producer.transaction();
      return {
        async produce(topic, partition) {
          await transaction.send({ topic, messages: [{ partition, value: value(100) }] });
        },
        async end(how) {
          await (how === "commit" ? transaction.commit() : transaction.abort());
          await producer.disconnect();
        },
      };
    },
    async expire(topic, partition, before) {
      const own = clientOf(topic).kafka.admin();
      await own.connect();
      // It learns the topic's leaders.
      await own.fetchTopicOffsets(topic);
      await own.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
      await own.disconnect();
    },
    groupId: () => uniqueName("conformance"),
    initialRebalanceDelayMs,
    sleep: (ms) => Bun.sleep(ms),
    monotonicMs: () => performance.now(),
    lateMs: 5_000,
    batchesIn,
    async [Symbol.asyncDispose]() {
      await admin.disconnect();
      await Promise.all(wires.map((wire) => wire.close()));
      await Promise.all([kafka, ...clients.values()].map((client) => client[Symbol.asyncDispose]()));
    },
  };
}

/** Offsets in a record batch: base offset (8 bytes), then its length (4), and at 23 the last record's offset delta. */
const [LENGTH_AT, BODY_AT, LAST_DELTA_AT] = [8, 12, 23];

function batchesIn(records: RecordsBlob): ReturnType<ConformanceWorld["batchesIn"]> {
  if (!(records instanceof Buffer)) throw new TypeError("not from a real broker");
  const batches: { readonly first: number; readonly last: number }[] = [];
  for (let at = 0; at + BODY_AT <= records.length;) {
    const next = at + BODY_AT + records.readInt32BE(at + LENGTH_AT);
    // The last one may be cut off.
    if (next > records.length) break;
    const first = Number(records.readBigInt64BE(at));
    batches.push({ first, last: first + records.readInt32BE(at + LAST_DELTA_AT) });
    at = next;
  }
  return batches;
}
