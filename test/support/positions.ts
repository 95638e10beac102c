import { allHits, type TestElasticsearch } from "./elasticsearch.ts";
import type { TestKafka } from "./kafka.ts";

/** A document's source and location. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly index: string;
}

const sort = ["kafka.topic", "kafka.partition", "kafka.offset", "_index"] as const;

/** Positions of all documents in the indices (names or wildcards, comma-separated), after a refresh. */
export async function positionsIn(
  elasticsearch: TestElasticsearch,
  indices: string,
): Promise<readonly Position[]> {
  type Hit = { readonly sort: readonly [string, number, number, string] };
  const hits = await Array.fromAsync(allHits<Hit>(elasticsearch, indices, { sort }));
  return hits.map(({ sort: [topic, partition, offset, index] }) => ({ topic, partition, offset, index }));
}

/** Records of the topics that, by Kafka's offsets, are missing from the positions or occur more than once. */
export async function compareWithKafka(
  kafka: TestKafka,
  topics: readonly string[],
  positions: readonly Position[],
): Promise<{ readonly records: number; readonly missing: string[]; readonly doubled: string[] }> {
  const copies = new Map<string, number>();
  for (const position of positions) copies.set(nameOf(position), (copies.get(nameOf(position)) ?? 0) + 1);
  let records = 0;
  const missing: string[] = [];
  for (const topic of topics) {
    for (const [partition, end] of await kafka.ends(topic)) {
      records += end;
      for (let offset = 0; offset < end; offset += 1) {
        const name = nameOf({ topic, partition, offset });
        if (!copies.has(name)) missing.push(name);
      }
    }
  }
  return {
    records,
    missing,
    doubled: [...copies].filter(([, count]) => count > 1).map(([name]) => name),
  };
}

function nameOf({ topic, partition, offset }: Pick<Position, "topic" | "partition" | "offset">): string {
  return `${topic}/${partition}/${offset}`;
}
