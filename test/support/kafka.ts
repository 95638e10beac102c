import {
  type Admin,
  type CompressionTypes,
  type GroupDescription,
  KafkaJSProtocolError,
  Kafka,
  logLevel,
  type Message,
  Partitioners,
} from "kafkajs";
import { registerCodecs } from "../../lib/adapters/kafka/client/compression.ts";
import { eventually } from "./eventually.ts";

/** The tests' client for a Kafka cluster, with kafkajs' own admin and producer. */
export interface TestKafka extends AsyncDisposable {
  createTopic(topic: string, partitions?: number, config?: Readonly<Record<string, string>>): Promise<void>;
  addPartitions(topic: string, partitions: number): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  /** Deletes the records below these offsets, one for each partition from 0 on. */
  deleteBelow(topic: string, ...offsets: readonly number[]): Promise<void>;
  /** Resolves when all replicas have acknowledged. */
  produce(topic: string, messages: Message[], compression?: CompressionTypes): Promise<void>;
  /** By partition; -1 if the group committed nothing. */
  committed(groupId: string, topic: string): Promise<Map<number, number>>;
  /** Consumer groups as the broker sees them. */
  groups(groupIds: readonly string[]): Promise<readonly GroupDescription[]>;
  /** End offset by partition. */
  ends(topic: string): Promise<Map<number, number>>;
  /** The sum of a topic's end offsets. */
  written(topic: string): Promise<number>;
  readonly brokers: readonly string[];
  readonly kafka: Kafka;
  /**
   * Connected. Must not be asked about single topics: kafkajs goes on asking for each with every question, and one that
   * another test is just creating fails them all.
   */
  readonly admin: Admin;
}

const CREATED_MS = 30_000;
/** How long a busy controller may take; kafkajs gives it 5 s. */
const CONTROLLER = { timeout: 20_000 };
const CREATED_EACH_MS = 50;
const UNKNOWN_AGAIN_MS = 1_000;

export async function connectTestKafka(brokers: readonly string[]): Promise<TestKafka> {
  registerCodecs();
  const kafka = new Kafka({
    clientId: "test",
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 10 },
  });
  const admin = kafka.admin();
  /** For questions about topics; see {@link TestKafka.admin}. */
  let asker = kafka.admin();
  const askers = [asker];
  const newProducer = () => kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  let producer = newProducer();
  await Promise.all([admin.connect(), asker.connect(), producer.connect()]);
  /** A producer keeps the partitions it knows, and fails if any topic it ever wrote to is deleted. */
  const renewProducer = async (): Promise<void> => {
    await producer.disconnect();
    producer = newProducer();
    await producer.connect();
  };
  /** The one before may have been asked about the deleted topic. Others may still be waiting for its answer. */
  const renewAsker = async (): Promise<void> => {
    const next = kafka.admin();
    await next.connect();
    askers.push(next);
    asker = next;
  };
  /**
   * A leader in the metadata may not have opened its log yet. It then refuses one produced partition while it
   * accepts the others of the request, and kafkajs repeats the whole request, which would duplicate those records.
   */
  const untilWritable = (topic: string, partitions: number): Promise<unknown> =>
    eventually(
      `the leaders of ${topic} answer for ${partitions} partitions`,
      async () => {
        const offsets = await asker.fetchTopicOffsets(topic);
        return offsets.length === partitions;
      },
      // A broker opens its logs one by one.
      CREATED_MS + partitions * CREATED_EACH_MS,
    );
  const client: TestKafka = {
    brokers,
    kafka,
    admin,
    async createTopic(topic, numPartitions = 1, config = {}) {
      // The broker would delete last year's records at its next check, every five minutes.
      const entries = Object.entries({ "retention.ms": "-1", ...config });
      const configEntries = entries.map(([name, value]) => ({ name, value }));
      await admin.createTopics({
        topics: [{ topic, numPartitions, configEntries }],
        waitForLeaders: false,
        ...CONTROLLER,
      });
      await untilWritable(topic, numPartitions);
    },
    async addPartitions(topic, count) {
      await admin.createPartitions({ topicPartitions: [{ topic, count }], ...CONTROLLER });
      await untilWritable(topic, count);
      await renewProducer();
    },
    async deleteTopic(topic) {
      await admin.deleteTopics({ topics: [topic], ...CONTROLLER });
      await Promise.all([renewProducer(), renewAsker()]);
      // Created again before the broker knows, it would be taken for the deleted one.
      await eventually(`${topic} is gone`, async () => !(await admin.listTopics()).includes(topic));
    },
    async deleteBelow(topic, ...offsets) {
      // kafkajs finds leaders only of topics it was asked about before.
      await onceListed(() => asker.fetchTopicOffsets(topic));
      const partitions = offsets.map((offset, partition) => ({ partition, offset: String(offset) }));
      await onceListed(() => asker.deleteTopicRecords({ topic, partitions }));
    },
    async produce(topic, messages, compression) {
      const sending = { topic, messages, acks: -1, ...(compression !== undefined && { compression }) };
      await onceListed(() => producer.send(sending));
    },
    async committed(groupId, topic) {
      const [entry] = await onceListed(() => asker.fetchOffsets({ groupId, topics: [topic] }));
      return new Map((entry?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]));
    },
    async groups(groupIds) {
      return (await admin.describeGroups([...groupIds])).groups;
    },
    async ends(topic) {
      const offsets = await onceListed(() => asker.fetchTopicOffsets(topic));
      return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
    },
    async written(topic) {
      return (await client.ends(topic)).values().reduce((sum, end) => sum + end, 0);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([admin, ...askers, producer].map((each) => each.disconnect()));
    },
  };
  return client;
}

/**
 * A busy broker lists a topic later than its leaders answer, and kafkajs asks for all topics that a client ever named: one that
 * another test is just creating fails the question about this one.
 */
async function onceListed<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + CREATED_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      // Of the metadata, before anything is sent.
      const isUnlisted = error instanceof KafkaJSProtocolError && error.type === "UNKNOWN_TOPIC_OR_PARTITION";
      if (!isUnlisted || Date.now() >= until) throw error;
      await Bun.sleep(UNKNOWN_AGAIN_MS);
    }
  }
}

/** A unique name for topics, groups and indices (lower case). */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
}
