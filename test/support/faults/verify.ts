import { allHits, type TestElasticsearch } from "../elasticsearch.ts";
import type { TestKafka } from "../kafka.ts";
import { readAll } from "../read-topic.ts";
import type { TopicPlan } from "./load.ts";

/** The outcome of all records of a topic. */
export interface TopicTruth {
  readonly topic: string;
  /** The sum of Kafka's end offsets, including accepted batches without an acknowledgement. */
  readonly records: number;
  readonly indexed: number;
  readonly deadLettered: number;
  /** Offsets without document and dead letter, `[partition, offset]`. */
  readonly missing: readonly (readonly [number, number])[];
  /** Offsets with more than one document, or with a document and a dead letter. */
  readonly doubled: readonly (readonly [number, number])[];
  /** Numbers that Kafka acknowledged and that no document or dead letter contains. */
  readonly lostNumbers: number;
}

/** No more are listed; the counts of a failing test say enough. */
const LISTED = 1_000_000;

/** Dead-lettered offsets by topic, with their numbers. */
type Letters = ReadonlyMap<string, { readonly offsets: Set<string>; readonly numbers: Set<number> }>;

/**
 * Compares a topic's records in Kafka, offset by offset, with its documents in all its indices and its dead
 * letters. Reads documents in pages, by partition and offset, so that memory does not grow with the topic, except
 * for one byte per record.
 * @param acknowledgedBelow all numbers of the producer below this one were acknowledged
 */
export async function truthOf(
  servers: { readonly kafka: TestKafka; readonly elasticsearch: TestElasticsearch },
  { topic, partitions }: TopicPlan,
  letters: Letters,
  acknowledgedBelow: number,
): Promise<TopicTruth> {
  const ends = await servers.kafka.ends(topic);
  if (ends.size !== partitions) throw new Error(`${topic} has ${ends.size} partitions, not ${partitions}`);
  const mine = letters.get(topic);
  const missing: [number, number][] = [];
  const doubled: [number, number][] = [];
  const seen = new Uint8Array(acknowledgedBelow);
  for (const n of mine?.numbers ?? []) if (n < seen.length) seen[n] = 1;
  let indexed = 0;

  const miss = (partition: number, from: number, to: number): void => {
    for (let offset = from; offset < to && missing.length < LISTED; offset += 1) {
      if (mine?.offsets.has(`${partition}/${offset}`) !== true) missing.push([partition, offset]);
    }
  };
  /** The next expected offset, by partition. */
  const next = new Map([...ends.keys()].map((partition) => [partition, 0]));
  const hits = allHits<Hit>(servers.elasticsearch, `${topic}*`, {
    query: { term: { "kafka.topic": topic } },
    docvalue_fields: ["kafka.partition", "kafka.offset", "kafka.key"],
    sort: ["kafka.partition", "kafka.offset", "_index"],
  });
  for await (const { fields } of hits) {
    const [partition, offset] = [fields["kafka.partition"][0], fields["kafka.offset"][0]];
    const n = Number(fields["kafka.key"][0]);
    indexed += 1;
    const expected = next.get(partition) ?? 0;
    if (offset < expected || mine?.offsets.has(`${partition}/${offset}`) === true) {
      doubled.push([partition, offset]);
    }
    miss(partition, expected, offset);
    next.set(partition, Math.max(expected, offset + 1));
    if (n < seen.length) seen[n] = 1;
  }
  for (const [partition, end] of ends) miss(partition, next.get(partition) ?? 0, end);
  return {
    topic,
    records: ends.values().reduce((sum, end) => sum + end, 0),
    indexed,
    deadLettered: mine?.offsets.size ?? 0,
    missing,
    doubled,
    lostNumbers: seen.length - seen.reduce((sum, bit) => sum + bit, 0),
  };
}

/** The dead letters of all topics in one dead-letter topic, without duplicates. */
export async function lettersIn(kafka: TestKafka, deadLetterTopic: string): Promise<Letters> {
  const byTopic = new Map<string, { offsets: Set<string>; numbers: Set<number> }>();
  if (!(await kafka.admin.listTopics()).includes(deadLetterTopic)) return byTopic;
  for (const { key, headers } of await readAll(kafka, deadLetterTopic)) {
    const about = new Map(headers.map(({ name, value }) => [name, String(value)]));
    const topic = about.get("penstock.topic") ?? "";
    const entry = byTopic.get(topic) ?? { offsets: new Set<string>(), numbers: new Set<number>() };
    byTopic.set(topic, entry);
    entry.offsets.add(`${about.get("penstock.partition")}/${about.get("penstock.offset")}`);
    entry.numbers.add(Number(String(key)));
  }
  return byTopic;
}

interface Hit {
  readonly sort: unknown[];
  readonly fields: {
    readonly "kafka.partition": [number];
    readonly "kafka.offset": [number];
    /** The producer's number. */
    readonly "kafka.key": [string];
  };
}
