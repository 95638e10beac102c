import {
  type CompressionTypes,
  type GroupDescription,
  Kafka,
  logLevel,
  type Message,
  Partitioners,
} from "kafkajs";
import { registerCodecs } from "../../lib/adapters/kafka/client/compression.ts";
import { eventually } from "./eventually.ts";

/** What tests do to a Kafka cluster, with kafkajs' own admin and producer. */
export interface TestKafka extends AsyncDisposable {
  createTopic(topic: string, partitions?: number, config?: Readonly<Record<string, string>>): Promise<void>;
  addPartitions(topic: string, partitions: number): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  /** Acknowledged by all replicas when it resolves. */
  produce(topic: string, messages: Message[], compression?: CompressionTypes): Promise<void>;
  /** By partition; -1 where the group committed nothing. */
  committed(groupId: string, topic: string): Promise<Map<number, number>>;
  /** Consumer groups as the broker sees them. */
  groups(groupIds: readonly string[]): Promise<readonly GroupDescription[]>;
  /** End offset by partition. */
  ends(topic: string): Promise<Map<number, number>>;
  readonly brokers: readonly string[];
  readonly kafka: Kafka;
}

const CREATED_MS = 30_000;
const CREATED_EACH_MS = 50;

export async function connectTestKafka(brokers: readonly string[]): Promise<TestKafka> {
  registerCodecs();
  const kafka = new Kafka({
    clientId: "test",
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 10 },
  });
  const admin = kafka.admin();
  const newProducer = () => kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  let producer = newProducer();
  await Promise.all([admin.connect(), producer.connect()]);
  /** A producer goes on with the partitions it knows, and fails once any topic it ever wrote to is gone. */
  const renewProducer = async (): Promise<void> => {
    await producer.disconnect();
    producer = newProducer();
    await producer.connect();
  };
  /**
   * A leader that is in the metadata may not have opened its log yet. It then refuses a produced partition while it
   * takes the others of the same request, and kafkajs sends the whole request again: those records would be there twice.
   */
  const untilWritable = (topic: string, partitions: number): Promise<unknown> =>
    eventually(
      `the leaders of ${topic} answer for ${partitions} partitions`,
      async () => {
        const offsets = await admin.fetchTopicOffsets(topic);
        return offsets.length === partitions;
      },
      // A broker opens one log after the other.
      CREATED_MS + partitions * CREATED_EACH_MS,
    );
  return {
    brokers,
    kafka,
    async createTopic(topic, numPartitions = 1, config = {}) {
      // Records of last year would be gone at the broker's next look, five minutes after the last.
      const entries = Object.entries({ "retention.ms": "-1", ...config });
      const configEntries = entries.map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: false });
      await untilWritable(topic, numPartitions);
    },
    async addPartitions(topic, count) {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
      await untilWritable(topic, count);
      await renewProducer();
    },
    async deleteTopic(topic) {
      await admin.deleteTopics({ topics: [topic] });
      await renewProducer();
    },
    async produce(topic, messages, compression) {
      await producer.send({ topic, messages, acks: -1, ...(compression !== undefined && { compression }) });
    },
    async committed(groupId, topic) {
      const [entry] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return new Map((entry?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]));
    },
    async groups(groupIds) {
      return (await admin.describeGroups([...groupIds])).groups;
    },
    async ends(topic) {
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
}

/** A name that no other test has: for topics, groups, indices (lower case). */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
}
