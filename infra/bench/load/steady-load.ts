import { setTimeout as sleep } from "node:timers/promises";
import type { Producer } from "kafkajs";

export interface LoadedTopic {
  readonly topic: string;
  readonly partitions: number;
}

export interface SteadyLoadOptions {
  readonly producer: Producer;
  readonly topics: readonly LoadedTopic[];
  /** In all partitions together; each gets the same. */
  readonly recordsPerSecond: number;
}

/** Writes the same number of records to every partition, all the time. */
export interface SteadyLoad {
  /** Records acknowledged by Kafka so far, by topic. Their keys are the numbers below this count. */
  readonly sent: ReadonlyMap<string, number>;
  /** The sum of `sent`. */
  readonly total: number;
  /** Resolves when nothing is under way. @throws the error of a failed send */
  stop(): Promise<void>;
}

/** How often each partition gets new records. */
const SEND_EVERY_MS = 50;
/** Makes a value as long as a line of an access log. */
const FILLER = "GET /assets/app.js HTTP/1.1 200 1043 - Mozilla/5.0 (X11; Linux x86_64)";

export function startSteadyLoad({ producer, topics, recordsPerSecond }: SteadyLoadOptions): SteadyLoad {
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions, 0);
  const perTurn = Math.max(1, Math.round((recordsPerSecond * SEND_EVERY_MS) / 1_000 / partitions));
  const sent = new Map(topics.map(({ topic }) => [topic, 0]));
  let total = 0;
  let stopping = false;

  const turn = async (): Promise<void> => {
    await producer.sendBatch({
      topicMessages: topics.map(({ topic, partitions }) => {
        const from = sent.get(topic) ?? 0;
        const messages = Array.from({ length: perTurn * partitions }, (_, n) => ({
          partition: n % partitions,
          key: String(from + n),
          value: `record ${from + n} ${FILLER}`,
        }));
        return { topic, messages };
      }),
    });
    for (const { topic, partitions } of topics)
      sent.set(topic, (sent.get(topic) ?? 0) + perTurn * partitions);
    total += perTurn * partitions;
  };
  const running = (async () => {
    const startedAt = performance.now();
    for (let turns = 0; !stopping; turns += 1) {
      await turn();
      await sleep(Math.max(0, startedAt + (turns + 1) * SEND_EVERY_MS - performance.now()));
    }
  })();
  // A failure surfaces in `stop`.
  running.catch(() => {});

  return {
    sent,
    get total() {
      return total;
    },
    async stop() {
      stopping = true;
      await running;
    },
  };
}
