import type { TestElasticsearch } from "./elasticsearch.ts";
import type { TestKafka } from "./kafka.ts";

/** A document's source and location. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly index: string;
}

const PAGE = 10_000;
const SORT = ["kafka.topic", "kafka.partition", "kafka.offset", "_index"] as const;

/** Positions of all documents in the indices (names or wildcards, comma-separated), after a refresh. */
export async function positionsIn(
  elasticsearch: TestElasticsearch,
  indices: string,
): Promise<readonly Position[]> {
  await elasticsearch.request("POST", `/${indices}/_refresh?ignore_unavailable=true`);
  const found: Position[] = [];
  let after: unknown[] | null = null;
  for (;;) {
    const { status, body } = await elasticsearch.request(
      "POST",
      `/${indices}/_search?ignore_unavailable=true`,
      {
        size: PAGE,
        _source: false,
        sort: SORT,
        ...(after !== null && { search_after: after }),
      },
    );
    // A shard that cannot sort by these fields is missing from the answer, which is still 200.
    const failed = (body["_shards"] as { failed: number } | undefined)?.failed;
    if (status !== 200 || failed !== 0) {
      throw new Error(`the search was answered ${status}: ${JSON.stringify(body).slice(0, 2_000)}`);
    }
    const { hits } = (body as { hits: { hits: { sort: [string, number, number, string] }[] } }).hits;
    for (const { sort } of hits) {
      const [topic, partition, offset, index] = sort;
      found.push({ topic, partition, offset, index });
    }
    after = hits.at(-1)?.sort ?? null;
    if (after === null || hits.length < PAGE) return found;
  }
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
