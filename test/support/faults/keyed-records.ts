import type { TestElasticsearch } from "../elasticsearch.ts";

/** What became of numbered records, whoever moved them. */
export interface KeyedTruth {
  readonly documents: number;
  /** Numbers that no document holds. */
  readonly lost: number;
  /** Documents beyond the first of their number. */
  readonly doubled: number;
}

/** Counts by the number that each record carries, and not by `_id`, which not every shipper gives. */
export function countKeyed(sent: number, found: Iterable<number>): KeyedTruth {
  const times = new Uint32Array(sent);
  let documents = 0;
  for (const n of found) {
    if (!Number.isInteger(n) || n < 0 || n >= sent)
      throw new Error(`a document of number ${n}, which was never sent`);
    times[n] = (times[n] ?? 0) + 1;
    documents += 1;
  }
  const distinct = times.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return { documents, lost: sent - distinct, doubled: documents - distinct };
}

const PAGE = 10_000;

/** The number `n` of every document of the index, after a refresh. */
export async function numbersIn(elasticsearch: TestElasticsearch, index: string): Promise<number[]> {
  await elasticsearch.request("POST", `/${index}/_refresh`);
  const numbers: number[] = [];
  let after: unknown[] | null = null;
  const opened = await elasticsearch.request("POST", `/${index}/_pit?keep_alive=1m`);
  const { id } = opened.body;
  try {
    for (;;) {
      const { status, body } = await elasticsearch.request("POST", "/_search", {
        size: PAGE,
        _source: false,
        pit: { id, keep_alive: "1m" },
        docvalue_fields: ["n"],
        sort: ["_shard_doc"],
        ...(after !== null && { search_after: after }),
      });
      if (status !== 200)
        throw new Error(`the search was answered ${status}: ${JSON.stringify(body).slice(0, 500)}`);
      const { hits } = (body as { hits: { hits: { sort: unknown[]; fields: { n: [number] } }[] } }).hits;
      for (const { fields } of hits) numbers.push(fields.n[0]);
      after = hits.at(-1)?.sort ?? null;
      if (after === null || hits.length < PAGE) return numbers;
    }
  } finally {
    await elasticsearch.request("DELETE", "/_pit", { id });
  }
}
