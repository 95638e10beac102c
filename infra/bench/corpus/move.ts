import type { Admin, Producer } from "kafkajs";
import { z } from "zod";
import { startHostProcess } from "../load/host-process.ts";
import { poll } from "../kit/poll.ts";
import type { CorpusScene } from "./scenes.ts";

/** Servers that take part. */
export interface CorpusServers {
  readonly brokers: readonly string[];
  readonly node: string;
}

/** A scene with the topic that it was put into; its index has the same name. */
export interface MovedScene extends CorpusScene {
  readonly topic: string;
}

export interface Moved {
  readonly scenes: readonly MovedScene[];
  readonly deadLetterTopic: string;
}

/** Of all records, a moment before noon: documents are the same on every day. */
const FIRST_MS = Date.UTC(2026, 10, 28, 11, 0, 0);
const AT_ONCE = 200;
/** With so many topics, and indices that get all their fields, a busy machine takes minutes. */
const PATIENCE_MS = 900_000;
/** However old or, by the machine's clock, new the records are. */
const TOPIC_SETTINGS = {
  "retention.ms": "-1",
  "message.timestamp.after.max.ms": "9223372036854775807",
  "max.message.bytes": "2000000",
};

const topicsAnswer = z.array(
  z.object({ topic: z.string(), partitions: z.array(z.object({ committed: z.number().nullable() })) }),
);

/**
 * Puts each scene into a topic of its own, one partition, so that the order holds, and has a host of the checkout move all.
 * @param name begins the names of topics, indices and groups
 * @param checkout the folder of the Penstock to run; undefined: this one
 */
export async function moveScenes(
  scenes: readonly CorpusScene[],
  { brokers, node, name, checkout, admin, producer, signal }: MoveOptions,
): Promise<Moved> {
  const moved = scenes.map((scene, at) => ({ ...scene, topic: `${name}-${at}` }));
  await createTopics(
    admin,
    moved.map(({ topic }) => topic),
    signal,
  );
  for (const { topic, records } of moved) {
    for (let start = 0; start < records.length; start += AT_ONCE) {
      const messages = records.slice(start, start + AT_ONCE).map(({ value }, at) => ({
        value,
        timestamp: String(FIRST_MS + start + at),
      }));
      await producer.send({ topic, messages });
    }
  }
  const deadLetterTopic = `${name}-dead`;
  const takesLists = await acceptsTimestampLists(checkout);
  const config = {
    kafka: { brokers, group: name },
    elasticsearch: { nodes: [node] },
    deadLetters: { topic: deadLetterTopic },
    topics: moved.map(({ topic, format, timestamp: [first, ...more] }) => ({
      topic,
      format,
      startAt: "earliest",
      ...(first !== undefined && { timestamp: takesLists && more.length > 0 ? [first, ...more] : first }),
    })),
  };
  await using host = await startHostProcess(config, signal, checkout);
  const ended = AbortSignal.any([signal, host.gone, AbortSignal.timeout(PATIENCE_MS)]);
  await poll(
    async () => {
      const answer = topicsAnswer.parse(
        await (await fetch(new URL("/topics", host.url), { signal: ended })).json(),
      );
      const committed = new Map(
        answer.map(({ topic, partitions }) => [
          topic,
          partitions.reduce((sum, one) => sum + (one.committed ?? 0), 0),
        ]),
      );
      return moved.every(({ topic, records }) => committed.get(topic) === records.length) ? true : null;
    },
    200,
    ended,
  );
  await host.terminate();
  return { scenes: moved, deadLetterTopic };
}

export interface MoveOptions extends CorpusServers {
  readonly name: string;
  readonly checkout: string | undefined;
  readonly admin: Admin;
  readonly producer: Producer;
  readonly signal: AbortSignal;
}

/** Older versions take one name: the first that would be listed. */
async function acceptsTimestampLists(checkout = `${import.meta.dir}/../../..`): Promise<boolean> {
  const schema = await Bun.file(`${checkout}/infra/config.schema.json`).text();
  const [, described = ""] = /"timestamp": \{([\s\S]*?)"pipeline"/.exec(schema) ?? [];
  return described.includes('"array"');
}

async function createTopics(admin: Admin, topics: readonly string[], signal: AbortSignal): Promise<void> {
  const configEntries = Object.entries(TOPIC_SETTINGS).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: 1, configEntries })),
    waitForLeaders: false,
    timeout: 60_000,
  });
  await poll(
    async () => {
      const { topics: known } = await admin.fetchTopicMetadata();
      const led = new Set(
        known
          .filter(({ partitions }) => partitions[0] !== undefined && partitions[0].leader >= 0)
          .map(({ name }) => name),
      );
      return topics.every((topic) => led.has(topic)) ? true : null;
    },
    100,
    AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
  );
}
