import { afterAll, beforeAll, expect, test } from "bun:test";
import { ingestBatch, type IngestBatchResult } from "../../functions/ingest-batch.ts";
import { createElasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { createLineSource } from "../../infra/bench/load/lines.ts";
import { seededRandom } from "../../infra/bench/kit/random.ts";
import { sourceRecord, specification } from "../support/records.ts";
import { settings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

const run = `packing-${crypto.randomUUID().slice(0, 8)}`;
const signal = new AbortController().signal;
/** The bytes that passed through it. */
const wire = { toServer: 0, toClient: 0 };
let node: string;
let proxy: TcpProxy;

beforeAll(async () => {
  node = (await testStack()).elasticsearchNode;
  proxy = await startTcpProxy(node, {
    tap: () => ({
      fromClient: (bytes) => void (wire.toServer += bytes.length),
      fromServer: (bytes) => void (wire.toClient += bytes.length),
      closed: () => {},
    }),
  });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  for (const index of ["gzip", "none", "stripped"])
    await fetch(`${node}/${run}-${index}?ignore_unavailable=true`, { method: "DELETE" });
});

interface Ingested extends IngestBatchResult {
  readonly letters: number;
}

async function ingest(
  url: string,
  name: string,
  compression: "gzip" | "none",
  values: readonly string[],
): Promise<Ingested> {
  const elasticsearch = createElasticsearch({
    ...settings().elasticsearch,
    nodes: [url],
    manageTemplates: false,
    compression,
  });
  let letters = 0;
  try {
    // The version request comes before anything is counted.
    await elasticsearch.probe(signal).catch(() => {});
    Object.assign(wire, { toServer: 0, toClient: 0 });
    const result = await ingestBatch(
      {
        spec: specification({ topic: run, index: `${run}-${name}`, format: "json" }),
        records: values.map((value, offset) => sourceRecord(value, { offset })),
        attempt: 1,
        limits: { maxDocuments: 1_000, maxBytes: 5_000_000 },
      },
      {
        bulk: (body, options) => elasticsearch.bulk(body, options),
        deadLetters: { store: async (stored) => void (letters += stored.length) },
        now: () => 0,
        signal,
      },
    );
    // Other tests write as much as its indexing pressure allows.
    if (result.retry?.code === "too_many_requests" && result.outcomes.every((outcome) => outcome === null)) {
      await Bun.sleep(500);
      return await ingest(url, name, compression, values);
    }
    return { ...result, letters };
  } finally {
    await elasticsearch.close();
  }
}

/** Every document's text as Elasticsearch returns it, by id. */
async function documents(name: string): Promise<string[]> {
  await fetch(`${node}/${run}-${name}/_refresh`, { method: "POST" });
  const query = "_search?size=5000&sort=kafka.offset&filter_path=hits.hits._id,hits.hits._source";
  return (await (await fetch(`${node}/${run}-${name}/${query}`)).text()).split('{"_id":');
}

test("compressed, the same documents take a fraction of the bytes, both ways", async () => {
  const line = createLineSource("json", 1);
  const values = Array.from({ length: 1_000 }, () => line());
  values.push('{"message":"ünïcode → 日本語 \\u0000 \\ud83d\\ude00","n":12345678901234567890.10}');
  const plain = await ingest(proxy.url, "none", "none", values);
  const unpacked = { ...wire };
  const packed = await ingest(proxy.url, "gzip", "gzip", values);
  expect([plain, packed].map(({ retry }) => retry)).toEqual([null, null]);
  expect([plain, packed].flatMap(({ outcomes }) => outcomes.filter((one) => one !== "indexed"))).toEqual([]);
  expect(wire.toServer).toBeLessThan(unpacked.toServer / 3);
  expect(wire.toClient).toBeLessThan(unpacked.toClient / 20);
  const texts = await documents("gzip");
  expect(texts).toHaveLength(values.length + 1);
  expect(texts).toEqual(await documents("none"));
});

test("behind a proxy that drops the header no record becomes a dead letter", async () => {
  await using stripping = stripEncoding();
  // Long enough for a line break in the compressed bytes: Elasticsearch then blames the first document.
  const random = seededRandom(1);
  const values = Array.from({ length: 4 }, () =>
    JSON.stringify({ numbers: Array.from({ length: 1_000 }, () => random.below(1e6)) }),
  );
  const { outcomes, retry, letters } = await ingest(stripping.url, "stripped", "gzip", values);
  expect([letters, outcomes]).toEqual([0, values.map(() => null)]);
  expect(retry).toEqual({
    code: "bad_answer",
    message:
      "elasticsearch.compression is gzip, which a proxy or Elasticsearch does not accept: Elasticsearch answered 400 to a bulk it takes uncompressed",
  });
  const unpacked = await ingest(stripping.url, "stripped", "none", values);
  expect(unpacked.outcomes).toEqual(values.map(() => "indexed"));
});

function stripEncoding(): { readonly url: string } & AsyncDisposable {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const headers = new Headers(request.headers);
      headers.delete("content-encoding");
      headers.set("accept-encoding", "identity");
      const body = request.method === "POST" ? await request.bytes() : null;
      return fetch(node + pathname + search, { method: request.method, headers, body });
    },
  });
  return { url: server.url.origin, [Symbol.asyncDispose]: () => server.stop(true) };
}
