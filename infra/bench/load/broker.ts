import { type Admin, Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import { waitFor } from "../../stack/process/wait-for.ts";
import { corpusLines } from "./corpus-lines.ts";
import { createLineSource, type LineFormat } from "./lines.ts";

/** What the bench does with Kafka besides measuring. The caller closes it. */
export interface BenchBroker extends AsyncDisposable {
  readonly brokers: readonly string[];
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly producer: Producer;
  /** Resolves when every partition has a leader. @param settings of each topic, in Kafka's words */
  createTopics(
    topics: readonly string[],
    partitions: number,
    settings?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /**
   * Returns a topic with these records, spread evenly over its partitions. Filled once, and returned again for the same options.
   * `onSent` gets the number of records acknowledged so far.
   */
  filled(options: FillOptions, onSent?: (sent: number) => void): Promise<FilledTopic>;
  /** Resolves when the group has committed this many records of the topic; asks every 20 ms. */
  untilCommitted(groupId: string, topic: string, records: number, signal: AbortSignal): Promise<void>;
}

/** Generated lines, or `corpus`: a topic shared by all programs of test/corpus. */
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
  /** The `timestamp` to declare, if any. */
  readonly timestamp?: string | undefined;
  /** Mean size of a record's value. */
  readonly meanBytes: number;
}

/** One record batch as a busy producer with `linger.ms` would send it, below the broker's default limit. */
const BATCH_RECORDS = { text: 1_000, json: 500, corpus: 200 };

const PARTITIONS = 4;
const CREATE_AT_ONCE = 100;
/** More time for each topic, for thousands of them. */
const LED_WITHIN_MS = 10;

export async function openBroker(brokers: readonly string[]): Promise<BenchBroker> {
  const kafka = new Kafka({ clientId: "bench", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  const filledTopics = new Map<string, FilledTopic>();
  const broker: BenchBroker = {
    brokers,
    kafka,
    admin,
    producer,
    async createTopics(topics, partitions, settings = {}) {
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
      for (let start = 0; start < topics.length; start += CREATE_AT_ONCE) {
        const some = topics.slice(start, start + CREATE_AT_ONCE);
        await admin.createTopics({
          topics: some.map((topic) => ({ topic, numPartitions: partitions, configEntries })),
          // kafkajs asks for the new topics by name, and gives up if the broker does not know one yet. Asked for all topics of
          // the cluster, a broker leaves out those.
          waitForLeaders: false,
          timeout: 60_000,
        });
      }
      const wanted = new Set(topics);
      const areLed = async (): Promise<boolean> => {
        const { topics: known } = await admin.fetchTopicMetadata();
        const led = known.filter(
          ({ name, partitions: found }) =>
            wanted.has(name) && found.length === partitions && found.every(({ leader }) => leader >= 0),
        );
        return led.length === wanted.size;
      };
      const withinMs = 60_000 + topics.length * LED_WITHIN_MS;
      await waitFor("every partition has a leader", areLed, { everyMs: 100, withinMs });
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
        // The name that most of its programs use.
        timestamp: isCorpus ? "time" : undefined,
        meanBytes: bytes / records,
      } satisfies FilledTopic;
      filledTopics.set(topic, made);
      return made;
    },
    async untilCommitted(groupId, topic, records, signal) {
      const areCommitted = async (): Promise<boolean> => {
        const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
        const offsets = (found?.partitions ?? []).map(({ offset }) => Math.max(0, Number(offset)));
        return offsets.reduce((sum, offset) => sum + offset, 0) >= records;
      };
      await waitFor(`${records} records of ${topic} are committed`, areCommitted, { everyMs: 20, signal });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
  return broker;
}

/** @returns the bytes of all values */
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
      // Spread over some milliseconds, like records that a producer collected for a batch.
      return { value, timestamp: String(startedAt + Math.floor(n / 20)), partition: batch % partitions };
    });
    await producer.send({ topic, messages });
    sent += size;
    onSent?.(sent);
  }
  return bytes;
}
