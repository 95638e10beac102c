import type { BenchBroker } from "../load/broker.ts";
import { startHostProcess } from "../load/host-process.ts";
import { waitFor } from "../../stack/process/wait-for.ts";
import type { CorpusScene } from "./scenes.ts";

export interface CorpusServers {
  readonly brokers: readonly string[];
  readonly node: string;
}

/** A scene and its topic; the index has the same name. */
export interface MovedScene extends CorpusScene {
  readonly topic: string;
}

export interface Moved {
  readonly scenes: readonly MovedScene[];
  readonly deadLetterTopic: string;
}

/** The first record's timestamp, shortly before noon, so that the documents do not depend on the day. */
const FIRST_MS = Date.UTC(2026, 10, 28, 11, 0, 0);
const AT_ONCE = 200;
/** With this many topics, whose indices get all their fields, a busy machine takes minutes. */
const MOVED_WITHIN_MS = 900_000;
/** Kafka must accept and keep records whatever their timestamp is, compared with the machine's clock. */
const TOPIC_SETTINGS = {
  "retention.ms": "-1",
  "message.timestamp.after.max.ms": "9223372036854775807",
  "max.message.bytes": "2000000",
};

export interface MoveOptions {
  readonly broker: BenchBroker;
  readonly node: string;
  /** The prefix of all topics, and the group. */
  readonly name: string;
  /** The folder of the Penstock to run; undefined: this one. */
  readonly checkout: string | undefined;
  readonly signal: AbortSignal;
}

/** Puts each scene into a topic of its own, with one partition to keep the order, and has one host move them all. */
export async function moveScenes(
  scenes: readonly CorpusScene[],
  { broker, node, name, checkout, signal }: MoveOptions,
): Promise<Moved> {
  const moved = scenes.map((scene, at) => ({ ...scene, topic: `${name}-${at}` }));
  const topics = moved.map(({ topic }) => topic);
  await broker.createTopics(topics, 1, TOPIC_SETTINGS);
  for (const { topic, records } of moved) {
    for (let start = 0; start < records.length; start += AT_ONCE) {
      const messages = records.slice(start, start + AT_ONCE).map(({ value }, at) => ({
        value,
        timestamp: String(FIRST_MS + start + at),
      }));
      await broker.producer.send({ topic, messages });
    }
  }
  const deadLetterTopic = `${name}-dead`;
  const config = {
    kafka: { brokers: broker.brokers, group: name },
    elasticsearch: { nodes: [node] },
    deadLetters: { topic: deadLetterTopic },
    topics: moved.map(({ topic, format, timestamp: [first, ...more] }) => ({
      topic,
      format,
      startAt: "earliest",
      ...(first !== undefined && { timestamp: more.length > 0 ? [first, ...more] : first }),
    })),
  };
  const records = moved.reduce((sum, scene) => sum + scene.records.length, 0);
  await using host = await startHostProcess(config, signal, checkout);
  await waitFor("all records are committed", async () => (await host.recordsCommitted()) === records, {
    everyMs: 200,
    signal: AbortSignal.any([signal, host.gone]),
    withinMs: MOVED_WITHIN_MS,
  });
  await host.terminate();
  return { scenes: moved, deadLetterTopic };
}
