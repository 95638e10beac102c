import { type Kafka, Partitioners } from "kafkajs";
import type { Span } from "./census.ts";
import { waitFor } from "../../stack/process/wait-for.ts";

/** The demo's producer and admin client. The caller closes it. */
export interface Broker extends AsyncDisposable {
  /** Resolves when the topics can be written. @param partitions by topic */
  createTopics(partitions: ReadonlyMap<string, number>, signal: AbortSignal): Promise<void>;
  /** Resolves with the position of the first line, once all replicas have the lines. @param timestampMs of every record */
  send(
    topic: string,
    lines: readonly string[],
    timestampMs: number,
  ): Promise<{ partition: number; offset: number }>;
  /** Returns the offsets that the topic contains now, by partition. */
  spans(topic: string): Promise<Span[]>;
  /** Returns the committed offsets by partition; 0 without a commit. */
  committed(topic: string): Promise<ReadonlyMap<number, number>>;
  /** Returns the ids of the group's members. A host that leaves and joins again gets a new one. */
  members(): Promise<string[]>;
}

export async function connectBroker(kafka: Kafka, group: string): Promise<Broker> {
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  return {
    async createTopics(wanted, signal) {
      const topics = [...wanted].map(([topic, numPartitions]) => ({ topic, numPartitions }));
      // kafkajs' own waiting fails if the broker does not know a topic from the controller yet.
      await admin.createTopics({ topics, waitForLeaders: false });
      const ask = async (): Promise<true | null> => {
        const known = (await admin.fetchTopicMetadata()).topics;
        const led = known.filter(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
        return topics.every(({ topic }) => led.some(({ name }) => name === topic)) || null;
      };
      await waitFor("the topics exist in Kafka", ask, { signal, withinMs: 30_000 });
    },
    async send(topic, lines, timestampMs) {
      const messages = lines.map((value) => ({ value, timestamp: String(timestampMs) }));
      const [first] = await producer.send({ topic, messages, acks: -1 });
      if (first?.baseOffset === undefined)
        throw new Error(`Kafka did not say where it put a line of ${topic}`);
      return { partition: first.partition, offset: Number(first.baseOffset) };
    },
    async spans(topic) {
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets.map(({ partition, low, high }) => ({
        partition,
        start: Number(low),
        end: Number(high),
      }));
    },
    async committed(topic) {
      const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const partitions = answer?.partitions ?? [];
      return new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
    },
    async members() {
      const { groups } = await admin.describeGroups([group]);
      return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
}
