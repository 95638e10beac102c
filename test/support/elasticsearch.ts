/** A document found by a search. */
export interface FoundDocument {
  readonly _id: string;
  readonly _index: string;
  readonly _source: Record<string, unknown>;
}

/** The tests' client for a real Elasticsearch, over plain HTTP. */
export interface TestElasticsearch {
  request(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Like `request`. @throws Error with the answer if that is no success */
  demand(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Documents after a refresh; 0 if the index does not exist. */
  count(index: string): Promise<number>;
  /** All documents after a refresh, at most 10,000, by partition and offset. */
  documents(index: string): Promise<FoundDocument[]>;
}

const AGAIN_MS = 500;

/** `fetch`, again while Elasticsearch answers 429: other tests write as much as its indexing pressure allows. */
export async function fetchAgain(url: string | URL, init: RequestInit): Promise<Response> {
  for (let triesLeft = 10; ; triesLeft -= 1) {
    const answer = await fetch(url, init);
    if (answer.status !== 429 || triesLeft <= 1) return answer;
    await Bun.sleep(AGAIN_MS);
  }
}

/**
 * The answer of all shards, one of which may be silent for a while on a busy machine.
 * @throws Error with the last answer if it lacks a shard: one that cannot sort by a field is missing from one that is still 200
 */
async function wholeAnswer(
  ask: () => ReturnType<TestElasticsearch["request"]>,
): Promise<Record<string, unknown>> {
  for (let triesLeft = 20; ; triesLeft -= 1) {
    const { status, body } = await ask();
    const failed = (body["_shards"] as { failed: number } | undefined)?.failed;
    if (status === 200 && failed === 0) return body;
    if (triesLeft <= 1)
      throw new Error(`the search was answered ${status}: ${JSON.stringify(body).slice(0, 2_000)}`);
    await Bun.sleep(AGAIN_MS);
  }
}

/** Also in an index that does not map it yet. */
const sortedBy = (field: string) => ({ [field]: { unmapped_type: "long" } });

export function testElasticsearch(node: string): TestElasticsearch {
  const request: TestElasticsearch["request"] = async (method, path, body) => {
    const answer = await fetchAgain(new URL(path, node), {
      method,
      headers: { "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const refreshed = async (index: string): Promise<boolean> =>
    (await request("POST", `/${index}/_refresh`)).status === 200;
  return {
    request,
    async demand(method, path, body) {
      const answer = await request(method, path, body);
      if (answer.status < 300) return answer.body;
      throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    },
    async count(index) {
      if (!(await refreshed(index))) return 0;
      return Number((await wholeAnswer(() => request("GET", `/${index}/_count`)))["count"]);
    },
    async documents(index) {
      if (!(await refreshed(index))) return [];
      const sort = ["kafka.partition", "kafka.offset"].map(sortedBy);
      const body = await wholeAnswer(() => request("POST", `/${index}/_search`, { size: 10_000, sort }));
      return (body as { hits: { hits: FoundDocument[] } }).hits.hits;
    },
  };
}

const PAGE = 10_000;

/**
 * All documents of the indices (names or wildcards, comma-separated) after a refresh, however many.
 * @param search sorts them so that no two are alike; `_source` is left out
 * @throws Error if an answer stays incomplete
 */
export async function* allHits<H extends { readonly sort: readonly unknown[] }>(
  elasticsearch: TestElasticsearch,
  indices: string,
  search: {
    readonly sort: readonly string[];
    readonly query?: object;
    readonly docvalue_fields?: readonly string[];
  },
): AsyncGenerator<H> {
  await elasticsearch.request("POST", `/${indices}/_refresh?ignore_unavailable=true`);
  for (let after: readonly unknown[] | undefined; ;) {
    const path = `/${indices}/_search?ignore_unavailable=true`;
    const page = {
      size: PAGE,
      _source: false,
      ...search,
      ...(after !== undefined && { search_after: after }),
    };
    const body = await wholeAnswer(() => elasticsearch.request("POST", path, page));
    const { hits } = (body as { hits: { hits: H[] } }).hits;
    yield* hits;
    after = hits.at(-1)?.sort;
    if (hits.length < PAGE) return;
  }
}

/** Creates an index that refuses values that do not fit its fields; the template's indices ignore them. */
export function strictIndex(properties: object): object {
  return {
    settings: { "index.mapping.ignore_malformed": false },
    mappings: { subobjects: true, properties },
  };
}
