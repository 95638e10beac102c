import type { TestElasticsearch } from "../elasticsearch.ts";
import type { TestKafka } from "../kafka.ts";
import { readTopic } from "../read-topic.ts";
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

const PAGE = 10_000;
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
  for await (const { partition, offset, n } of documentsOf(servers.elasticsearch, topic)) {
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
    records: [...ends.values()].reduce((sum, end) => sum + end, 0),
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
  const admin = kafka.kafka.admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(deadLetterTopic)) return byTopic;
  } finally {
    await admin.disconnect();
  }
  const count = [...(await kafka.ends(deadLetterTopic)).values()].reduce((sum, end) => sum + end, 0);
  for (const { key, headers } of await readTopic(kafka.brokers, deadLetterTopic, count)) {
    const about = new Map(headers.map(({ name, value }) => [name, String(value)]));
    const topic = about.get("penstock.topic") ?? "";
    const entry = byTopic.get(topic) ?? { offsets: new Set<string>(), numbers: new Set<number>() };
    byTopic.set(topic, entry);
    entry.offsets.add(`${about.get("penstock.partition")}/${about.get("penstock.offset")}`);
    entry.numbers.add(Number(String(key)));
  }
  return byTopic;
}

interface Found {
  readonly partition: number;
  readonly offset: number;
  /** The producer's number, from the key. */
  readonly n: number;
}

interface Hit {
  readonly sort: unknown[];
  readonly fields: {
    readonly "kafka.partition": [number];
    readonly "kafka.offset": [number];
    readonly "kafka.key": [string];
  };
}

/** All documents of a topic, by partition and offset, in all indices with the topic's name as prefix. */
async function* documentsOf(elasticsearch: TestElasticsearch, topic: string): AsyncGenerator<Found> {
  await elasticsearch.request("POST", `/${topic}*/_refresh`);
  let after: unknown[] | null = null;
  for (;;) {
    const { status, body } = await elasticsearch.request("POST", `/${topic}*/_search`, {
      size: PAGE,
      _source: false,
      query: { term: { "kafka.topic": topic } },
      docvalue_fields: ["kafka.partition", "kafka.offset", "kafka.key"],
      sort: ["kafka.partition", "kafka.offset", "_index"],
      ...(after !== null && { search_after: after }),
    });
    // A shard that cannot sort by these fields is missing from the answer, which is still 200.
    const failed = (body["_shards"] as { failed: number } | undefined)?.failed;
    if (status !== 200 || failed !== 0) {
      throw new Error(`the search was answered ${status}: ${JSON.stringify(body).slice(0, 2_000)}`);
    }
    const { hits } = (body as { hits: { hits: Hit[] } }).hits;
    for (const { fields } of hits) {
      yield {
        partition: fields["kafka.partition"][0],
        offset: fields["kafka.offset"][0],
        n: Number(fields["kafka.key"][0]),
      };
    }
    after = hits.at(-1)?.sort ?? null;
    if (after === null || hits.length < PAGE) return;
  }
}
