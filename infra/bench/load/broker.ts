import { type Admin, Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import { corpusLines } from "./corpus-lines.ts";
import { createLineSource, type LineFormat } from "./lines.ts";
import { poll } from "../kit/poll.ts";

/** What the bench does with Kafka besides measuring. Whoever opens it closes it. */
export interface BenchBroker extends AsyncDisposable {
  readonly brokers: readonly string[];
  readonly admin: Admin;
  readonly producer: Producer;
  createTopics(topics: readonly string[], partitions: number): Promise<void>;
  /**
   * A topic with such records, all partitions alike; made once, and given again to whoever asks for the same.
   * `onSent` gets the number of records acknowledged so far.
   */
  filled(options: FillOptions, onSent?: (sent: number) => void): Promise<FilledTopic>;
  /** Resolves when the group has committed so many records of the topic; asks every 20 ms. */
  untilCommitted(groupId: string, topic: string, records: number, signal: AbortSignal): Promise<void>;
}

/** Lines made up, or `corpus`: those of a topic that all programs of test/corpus share. */
export type RecordKind = LineFormat | "corpus";

export interface FillOptions {
  readonly records: number;
  readonly kind: RecordKind;
  readonly seed: number;
}

export interface FilledTopic {
  readonly topic: string;
  readonly records: number;
  readonly kind: RecordKind;
  readonly format: LineFormat;
  /** To be declared of it; undefined: nothing. */
  readonly timestamp?: string | undefined;
  /** Of a record's value, in bytes. */
  readonly meanBytes: number;
}

/** One record batch as a busy producer with `linger.ms` would send it, below what a broker takes by default. */
const BATCH_RECORDS = { text: 1_000, json: 500, corpus: 200 };

const PARTITIONS = 4;
const CREATE_AT_ONCE = 100;
/** A topic, where there are thousands. */
const LED_WITHIN_MS = 10;

export async function openBroker(brokers: readonly string[]): Promise<BenchBroker> {
  const kafka = new Kafka({ clientId: "bench", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  const filledTopics = new Map<string, FilledTopic>();
  const broker: BenchBroker = {
    brokers,
    admin,
    producer,
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
        AbortSignal.timeout(60_000 + topics.length * LED_WITHIN_MS),
      );
    },
    async filled({ records, kind, seed }, onSent) {
      const topic = `bench-${kind}-${records}`;
      const known = filledTopics.get(topic);
      if (known !== undefined) return known;
      await broker.createTopics([topic], PARTITIONS);
      const bytes = await fill(producer, { topic, partitions: PARTITIONS, records, kind, seed }, onSent);
      const isCorpus = kind === "corpus";
      const made = {
        topic,
        records,
        kind,
        format: isCorpus ? "json" : kind,
        // What most of them call it: a version that takes no list is compared too.
        timestamp: isCorpus ? "time" : undefined,
        meanBytes: bytes / records,
      } satisfies FilledTopic;
      filledTopics.set(topic, made);
      return made;
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
  return broker;
}

/** @returns bytes of all values */
export async function fill(
  producer: Producer,
  options: FillOptions & { readonly topic: string; readonly partitions: number },
  onSent?: (sent: number) => void,
): Promise<number> {
  const { topic, partitions, records, kind, seed } = options;
  const next = kind === "corpus" ? await corpusLines(seed) : createLineSource(kind, seed);
  let sent = 0;
  let bytes = 0;
  for (let batch = 0; sent < records; batch += 1) {
    const size = Math.min(BATCH_RECORDS[kind], records - sent);
    const startedAt = Date.now();
    const messages = Array.from({ length: size }, (_, n) => {
      const value = next();
      bytes += Buffer.byteLength(value);
      // Spread over some time, as what was gathered for a batch is.
      return { value, timestamp: String(startedAt + Math.floor(n / 20)), partition: batch % partitions };
    });
    await producer.send({ topic, messages });
    sent += size;
    onSent?.(sent);
  }
  return bytes;
}
