import { type Admin, Kafka, logLevel, Partitioners } from "kafkajs";
import { createLineSource, type LineFormat } from "./lines.ts";
import { poll } from "./poll.ts";

/** What the bench does with Kafka besides measuring. Whoever opens it closes it. */
export interface BenchBroker extends AsyncDisposable {
  readonly admin: Admin;
  createTopics(topics: readonly string[], partitions: number): Promise<void>;
  /** Fills a topic, all partitions alike. `onSent` gets the number of records acknowledged so far. */
  load(options: FillOptions, onSent?: (sent: number) => void): Promise<FillResult>;
  /** Resolves when the group has committed so many records of the topic; asks every 20 ms. */
  untilCommitted(groupId: string, topic: string, records: number, signal: AbortSignal): Promise<void>;
}

export interface FillOptions {
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  readonly format: LineFormat;
  readonly seed: number;
}

export interface FillResult {
  /** Of a record's value, in bytes. */
  readonly meanBytes: number;
}

/** One record batch as a busy producer with `linger.ms` would send it, below what a broker takes by default. */
const BATCH_RECORDS = { text: 1_000, json: 500 };

const CREATE_AT_ONCE = 100;

export async function openBroker(brokers: readonly string[]): Promise<BenchBroker> {
  const kafka = new Kafka({ clientId: "bench", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  return {
    admin,
    async createTopics(topics, partitions) {
      // kafkajs waits for leaders by asking for topics that may not be known yet, and gives up on them: asked for all of
      // the cluster's topics, a broker leaves out those it does not know.
      for (let start = 0; start < topics.length; start += CREATE_AT_ONCE) {
        const some = topics.slice(start, start + CREATE_AT_ONCE);
        await admin.createTopics({
          topics: some.map((topic) => ({ topic, numPartitions: partitions })),
          waitForLeaders: false,
          timeout: 60_000,
        });
      }
      const wanted = new Set(topics);
      await poll(
        async () => {
          const { topics: known } = await admin.fetchTopicMetadata();
          const led = known.filter(
            ({ name, partitions: found }) =>
              wanted.has(name) && found.length === partitions && found.every(({ leader }) => leader >= 0),
          );
          return led.length === wanted.size ? true : null;
        },
        100,
        AbortSignal.timeout(60_000),
      );
    },
    async load({ topic, partitions, records, format, seed }, onSent) {
      const next = createLineSource(format, seed);
      let sent = 0;
      let bytes = 0;
      for (let batch = 0; sent < records; batch += 1) {
        const size = Math.min(BATCH_RECORDS[format], records - sent);
        const timestamp = String(Date.now());
        const messages = Array.from({ length: size }, () => {
          const value = next();
          bytes += Buffer.byteLength(value);
          return { value, timestamp, partition: batch % partitions };
        });
        await producer.send({ topic, messages });
        sent += size;
        onSent?.(sent);
      }
      return { meanBytes: bytes / records };
    },
    async untilCommitted(groupId, topic, records, signal) {
      await poll(
        async () => {
          const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
          const offsets = (found?.partitions ?? []).map(({ offset }) => Math.max(0, Number(offset)));
          return offsets.reduce((sum, offset) => sum + offset, 0) >= records ? true : null;
        },
        20,
        signal,
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
}
