import { z } from "zod";
import type { Position } from "./census.ts";

export interface Hit {
  readonly index: string;
  readonly message: string;
}

/** The demo's questions to Elasticsearch, over plain HTTP. All calls throw the signal's reason, or an error. */
export interface Documents {
  /** Whether the document exists; true as soon as Elasticsearch has acknowledged it. */
  exists(index: string, id: string): Promise<boolean>;
  /** Refreshes, and counts the documents of each offset. */
  positions(index: string): Promise<Position[]>;
  /** Returns the number of documents whose message contains the word, and the best match. */
  search(index: string, word: string): Promise<{ total: number; best: Hit | undefined }>;
}

const within = 10_000;
const pageSize = 5_000;

const pageSchema = z.object({
  aggregations: z.object({
    positions: z.object({
      after_key: z.record(z.string(), z.unknown()).optional(),
      buckets: z.array(
        z.object({
          // Null: documents without the field.
          key: z.object({ partition: z.number().nullable(), offset: z.number().nullable() }),
          doc_count: z.number(),
        }),
      ),
    }),
  }),
});

const hitsSchema = z.object({
  hits: z.object({
    total: z.object({ value: z.number() }),
    hits: z.array(z.object({ _index: z.string(), _source: z.object({ message: z.string() }) })),
  }),
});

export function createDocuments(node: string, signal: AbortSignal): Documents {
  const request = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(new URL(path, node), {
      method,
      headers: { "content-type": "application/json" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(within)]),
      ...(body && { body: JSON.stringify(body) }),
    });

  async function ask(path: string, body?: object): Promise<unknown> {
    const answer = await request("POST", path, body);
    if (!answer.ok)
      throw new Error(`Elasticsearch answered ${answer.status} to ${path}: ${await answer.text()}`);
    return answer.json();
  }

  return {
    async exists(index, id) {
      const { status } = await request("HEAD", `/${index}/_doc/${encodeURIComponent(id)}`);
      // 503: the shard of a new index has not started yet.
      if (![200, 404, 503].includes(status))
        throw new Error(`Elasticsearch answered ${status} to a GET in ${index}`);
      return status === 200;
    },
    async positions(index) {
      await ask(`/${index}/_refresh`);
      const positions: Position[] = [];
      let after: object | undefined;
      do {
        const sources = ["partition", "offset"].map((name) => ({
          [name]: { terms: { field: `kafka.${name}`, missing_bucket: true } },
        }));
        const composite = { size: pageSize, sources, ...(after && { after }) };
        const answer = await ask(`/${index}/_search`, { size: 0, aggs: { positions: { composite } } });
        const { buckets, after_key } = pageSchema.parse(answer).aggregations.positions;
        for (const { key, doc_count } of buckets)
          positions.push({ partition: key.partition ?? -1, offset: key.offset ?? -1, documents: doc_count });
        after = after_key;
      } while (after !== undefined);
      return positions;
    },
    async search(index, word) {
      await ask(`/${index}/_refresh`);
      const answer = await ask(`/${index}/_search`, { size: 1, query: { match: { message: word } } });
      const { total, hits } = hitsSchema.parse(answer).hits;
      const [best] = hits;
      return {
        total: total.value,
        best: best && { index: best._index, message: best._source.message },
      };
    },
  };
}
