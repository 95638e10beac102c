import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startStack, type Stack } from "../../infra/stack/stack.ts";
import { createElasticsearch, type Elasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { createFailureStores } from "../../lib/adapters/elasticsearch/failure-store/failure-stores.ts";
import type { StoredDocument } from "../../lib/rules/dead-letters/failure-stores.ts";
import { withWitnesses } from "../../lib/rules/bulk/witness.ts";
import { classifyItem, showsHealthyIndex } from "../../lib/rules/outcomes/outcome.ts";
import { testElasticsearch, type TestElasticsearch } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/kafka.ts";
import { openFailureStore, putFailureStoreTemplate } from "../support/refused.ts";
import { settings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";

/** What each value of a bulk item's `failure_store` is, on real servers of both versions, and what Penstock makes of it. */
describe.each(["9.2.0", "8.19.5"])("the failure store of Elasticsearch %s", (version) => {
  let own: Stack | null = null;
  let server: TestElasticsearch;
  let node: string;
  let client: Elasticsearch;
  const name = uniqueName("stored");

  beforeAll(async () => {
    if (version === "9.2.0") node = (await testStack()).elasticsearchNode;
    else {
      own = await startStack({ kafka: false, etcd: false, elasticsearchVersion: version });
      node = own.elasticsearch.node;
    }
    server = testElasticsearch(node);
    client = createElasticsearch({ ...settings().elasticsearch, nodes: [node], manageTemplates: false });
    await putFailureStoreTemplate(server, name, { pattern: `${name}*`, field: "n" });
    await put(`/_index_template/${name}-without`, {
      index_patterns: [`${name}-without`],
      data_stream: {},
      priority: 501,
      template: { mappings: { properties: { n: { type: "long" } } } },
    });
    await put(`/_ingest/pipeline/${name}`, {
      processors: [{ reroute: { destination: `${name}-rerouted` } }],
    });
  }, 720_000);
  afterAll(async () => {
    await client?.close();
    await own?.stop();
  });

  const put = (path: string, body: object) => server.demand("PUT", path, body);

  interface Sent {
    readonly id: string;
    readonly n: unknown;
    readonly pipeline?: string;
  }

  const bodyOf = (index: string, { id, n }: Sent): string =>
    `${JSON.stringify({ create: { _index: index, _id: id } })}\n${JSON.stringify({ "@timestamp": "2026-01-01T00:00:00Z", n })}\n`;

  /** What Elasticsearch answers. */
  async function answered(index: string, sent: Sent): Promise<Record<string, unknown>> {
    const query = sent.pipeline === undefined ? "" : `?pipeline=${sent.pipeline}`;
    const answer = await fetch(`${node}/_bulk${query}`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: bodyOf(index, sent),
    });
    const { items } = (await answer.json()) as { items: { create: Record<string, unknown> }[] };
    return items[0]?.create ?? {};
  }

  /** What Penstock makes of it. @param dated whether the index's name comes from a pattern of dates */
  async function verdict(index: string, sent: Sent, dated = false): Promise<string> {
    const answer = await client.bulk(bodyOf(index, sent), {
      pipeline: sent.pipeline ?? null,
      operations: 1,
      documentAt: () => ({ index, id: sent.id }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!("items" in answer)) throw new Error(JSON.stringify(answer));
    const [item] = answer.items;
    if (item === undefined) throw new Error("no item");
    const kind = classifyItem(item, { index, dated, lastChance: false });
    if (kind.kind === "rejected") return `rejected: ${kind.rejection.type}`;
    return kind.kind === "retry"
      ? `retry: ${kind.reason.code}, ${kind.suspect?.type ?? "nobody"}`
      : kind.kind;
  }

  async function failureIndexOf(stream: string): Promise<string> {
    const path = `/_cluster/state/metadata/${stream}?filter_path=metadata.data_stream.data_stream.${stream}.failure_indices`;
    const found = JSON.stringify((await server.request("GET", path)).body);
    return /\.fs-[^"]+/.exec(found)?.[0] ?? "";
  }

  test("what lies there is found, counted, passed on in pages, and deleted; the store may be on by the cluster's setting", async () => {
    const stream = `${name}-without.by-setting`;
    const setting = "data_streams.failure_store.enabled";
    const stores = createFailureStores(client);
    const signal = AbortSignal.timeout(200_000);
    await put("/_cluster/settings", { persistent: { [setting]: [stream] } });
    await put(`/_index_template/${stream}`, {
      index_patterns: [`${stream}*`],
      data_stream: {},
      priority: 502,
      template: { mappings: { properties: { n: { type: "long" } } }, aliases: { [`${name}-alias`]: {} } },
    });
    try {
      // More than a page, and one that is not Penstock's.
      const ids = Array.from({ length: 1_200 }, (_, n) => `t.x:0:${n}:1`);
      await openFailureStore(server, stream, { n: "unfit" });
      const body = ids.map((id) => bodyOf(stream, { id, n: "unfit" })).join("");
      const answer = await fetch(`${node}/_bulk`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body,
      });
      expect(await answer.json()).toMatchObject({ errors: false });
      await server.request("POST", `/${stream}::failures/_refresh`);

      const survey = await stores.survey([`${name}-alias`, stream, `${name}-absent`], signal);
      const { streams } = survey;
      expect(survey.problems).toEqual([]);
      const [one] = streams;
      expect(one).toMatchObject({ stream, enabled: true, readable: true, clearable: true });
      expect(one?.targets.toSorted()).toEqual([stream, `${name}-alias`].toSorted());
      expect(one?.indices).toHaveLength(1);
      expect(await stores.contents(stream, "t.x", signal)).toMatchObject({
        ours: { documents: 1_200, kinds: [{ error: "document_parsing_exception", documents: 1_200 }] },
        others: { documents: 1, records: 1 },
      });
      // The dot of a topic is a dot.
      expect(await stores.contents(stream, "tax", signal)).toMatchObject({ ours: { documents: 0 } });

      const seen: StoredDocument[] = [];
      const filter = { topic: "t.x", error: null, sinceMs: null };
      await stores.each(stream, filter, async (page) => void seen.push(...page), signal);
      expect(new Set(seen.map(({ recordId }) => recordId))).toEqual(new Set(ids));
      const later = { ...filter, sinceMs: Date.now() + 60_000 };
      await stores.each(stream, later, () => Promise.reject(new Error("none is so new")), signal);

      expect(await stores.remove(seen.slice(0, 1_100), signal)).toEqual({ removed: 1_100, refusal: null });
      // Gone already: nobody's fault.
      expect(await stores.remove(seen.slice(0, 1), signal)).toEqual({ removed: 1, refusal: null });
      expect(await stores.find(stream, ids, signal)).toHaveLength(100);
    } finally {
      await put("/_cluster/settings", { persistent: { [setting]: null } });
    }
  }, 240_000);

  test("not_applicable_or_unknown is left out: a document that was written, and one that was there", async () => {
    const sent = { id: "t:0:0:1", n: 1 };
    expect(await answered(name, sent)).toMatchObject({ status: 201, result: "created" });
    const again = await answered(name, sent);
    expect(again).toMatchObject({ status: 409, error: { type: "version_conflict_engine_exception" } });
    expect(again).not.toHaveProperty("failure_store");
    expect(await verdict(name, sent)).toBe("duplicate");
    expect(await verdict(name, { id: "t:0:1:1", n: 1 })).toBe("indexed");
  });

  test("used: the stored error decides, whatever the 201 says", async () => {
    await openFailureStore(server, name, { n: "unfit" });
    const unfit = { id: "t:0:2:1", n: "unfit" };
    const item = await answered(name, unfit);
    expect(item).toMatchObject({ status: 201, result: "created", failure_store: "used" });
    expect(item["_index"]).toStartWith(".fs-");
    expect(await verdict(name, unfit)).toBe("rejected: document_parsing_exception");
    // The pipeline is missing: nobody's fault, although Elasticsearch stored the document too.
    const early = { id: "t:0:3:1", n: 3, pipeline: `${name}-missing` };
    expect(await answered(name, early)).toMatchObject({ status: 201, failure_store: "used" });
    expect(await verdict(name, early)).toBe("retry: other, nobody");
  });

  test("used, since the stream is blocked: the cluster's fault", async () => {
    const stream = `${name}-blocked`;
    expect(await verdict(stream, { id: "t:0:0:1", n: 0 })).toBe("indexed");
    await openFailureStore(server, stream, { n: "unfit" });
    await put(`/${stream}/_settings`, { "index.blocks.write": true });
    const sent = { id: "t:0:1:1", n: 1 };
    expect(await answered(stream, sent)).toMatchObject({ status: 201, failure_store: "used" });
    expect(await verdict(stream, sent)).toBe("retry: cluster_block, nobody");
    expect(await verdict(stream, sent, true)).toBe("retry: cluster_block, nobody");
    await put(`/${stream}/_settings`, { "index.blocks.write": false });
    expect(await verdict(stream, sent)).toBe("indexed");
  });

  test("used in another stream, since a pipeline rerouted the document: its error is found there", async () => {
    const pipeline = name;
    expect(await verdict(name, { id: "r:0:0:1", n: 0, pipeline })).toBe("indexed");
    const unfit = { id: "r:0:1:1", n: "unfit", pipeline };
    // On a busy machine, the new store's first index is late.
    const stored = await eventually(
      "the failure store takes it",
      async () => {
        const item = await answered(name, unfit);
        return item["failure_store"] === "failed" ? null : item;
      },
      360_000,
    );
    expect(stored["_index"]).toStartWith(`.fs-${name}-rerouted-`);
    expect(await verdict(name, unfit)).toBe("rejected: document_parsing_exception");
  }, 480_000);

  test("a witness passes the pipeline like the others, and writes nothing into a stream or behind an alias that moved on", async () => {
    const stream = `${name}-without`;
    const alias = `moved-${name}`;
    const pipeline = `${name}-strict`;
    await put(`/_ingest/pipeline/${pipeline}`, { processors: [] });
    await put(`/${alias}-000001`, { aliases: { [alias]: { is_write_index: true } } });
    for (const index of [stream, alias]) {
      const sent = { id: "w:0:0:1", n: 1, pipeline };
      expect(await verdict(index, sent)).toBe("indexed");
      expect(await server.request("POST", `/${index}/_rollover`)).toMatchObject({ status: 200 });
      const bytes = Buffer.from(bodyOf(index, sent));
      const batch = { bytes, ends: [bytes.length], positions: [0], indices: [index] };
      const witness = withWitnesses({ ...batch, skipped: [], rejections: new Map() }, [], [0]).bytes;
      const ask = async (through: string) => {
        const signal = AbortSignal.timeout(60_000);
        const answer = await client.bulk(witness, { pipeline: through, operations: 1, signal });
        const [item] = "items" in answer ? answer.items : [];
        return item !== undefined && showsHealthyIndex(item);
      };
      expect(await ask(pipeline)).toBe(true);
      expect(await ask(`${name}-missing`)).toBe(false);
      expect(await server.count(index)).toBe(1);
    }
  });

  test("not_enabled: the error is in the answer", async () => {
    const stream = `${name}-without`;
    const unfit = { id: "t:0:0:1", n: "unfit" };
    expect(await answered(stream, unfit)).toMatchObject({
      status: 400,
      failure_store: "not_enabled",
      error: { type: "document_parsing_exception" },
    });
    expect(await verdict(stream, unfit)).toBe("rejected: document_parsing_exception");
    const early = { id: "t:0:1:1", n: 1, pipeline: `${name}-missing` };
    expect(await answered(stream, early)).toMatchObject({ status: 400, failure_store: "not_enabled" });
    expect(await verdict(stream, early)).toBe("retry: other, nobody");
  });

  test("failed: the document's own error counts if it is told, the store's own is the cluster's fault", async () => {
    const stream = `${name}-failed`;
    const unfit = { id: "t:0:0:1", n: "unfit" };
    const early = { id: "t:0:1:1", n: 1, pipeline: `${name}-missing` };
    await openFailureStore(server, stream, { n: "unfit" });
    const store = await failureIndexOf(stream);
    expect(store).toStartWith(".fs-");
    const states: readonly (readonly [() => Promise<unknown>, string])[] = [
      [() => put(`/${store}/_settings`, { "index.blocks.write": true }), "cluster_block_exception"],
      [() => server.request("POST", `/${store}/_close`), "index_closed_exception"],
    ];
    for (const [breakStore, type] of states) {
      await breakStore();
      expect(await answered(stream, unfit)).toMatchObject({
        status: 400,
        failure_store: "failed",
        error: { type: "document_parsing_exception", suppressed: [{ type }] },
      });
      expect(await verdict(stream, unfit)).toBe("rejected: document_parsing_exception");
      // The missing pipeline is hidden behind the store's refusal.
      expect(await answered(stream, early)).toMatchObject({ failure_store: "failed", error: { type } });
      for (const dated of [false, true])
        expect(await verdict(stream, early, dated)).toBe("retry: cluster_block, nobody");
    }
  });
});
