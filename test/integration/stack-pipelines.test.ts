import { beforeAll, expect, test } from "bun:test";
import { testElasticsearch, type TestElasticsearch } from "../support/elasticsearch.ts";
import { uniqueName } from "../support/kafka.ts";
import { openFailureStore, putFailureStoreTemplate } from "../support/refused.ts";
import { testStack } from "../support/stack.ts";

let elasticsearch: TestElasticsearch;

beforeAll(async () => {
  elasticsearch = testElasticsearch((await testStack()).elasticsearchNode);
});

interface Item {
  readonly _index: string;
  readonly status: number;
  readonly result?: string;
  readonly failure_store?: string;
  readonly error?: { readonly type: string };
}

/** Writes one document per message, in one bulk. */
async function write(index: string, messages: readonly unknown[], query = ""): Promise<Item[]> {
  const answer = await fetch(`${(await testStack()).elasticsearchNode}/_bulk${query}`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: messages
      .map((message, at) => {
        const document = { "@timestamp": "2026-01-01T00:00:00Z", message };
        return `${JSON.stringify({ create: { _index: index, _id: String(at) } })}\n${JSON.stringify(document)}\n`;
      })
      .join(""),
  });
  const { items } = (await answer.json()) as { items: { create: Item }[] };
  return items.map(({ create }) => create);
}

test("the packaged Elasticsearch has ingest processors that fail like the real ones", async () => {
  const pipeline = uniqueName("kit");
  const processors = [
    { fail: { message: "no", contains: "fail" } },
    { grokmiss: { contains: "grok" } },
    { scripterror: { contains: "script" } },
    { drop: { contains: "drop" } },
    { reroute: { destination: `${pipeline}-other`, contains: "reroute" } },
    { set: { field: "seen", value: true } },
  ];
  const put = await elasticsearch.request("PUT", `/_ingest/pipeline/${pipeline}`, { processors });
  expect(put).toMatchObject({ status: 200 });

  const messages = ["well", "fail", "grok", "script", "drop", "reroute"];
  const items = await write(pipeline, messages, `?pipeline=${pipeline}`);
  expect(items.map(({ status, result, error }) => [status, error?.type ?? result])).toEqual([
    [201, "created"],
    [500, "fail_processor_exception"],
    [400, "illegal_argument_exception"],
    [400, "script_exception"],
    [200, "noop"],
    [201, "created"],
  ]);
  expect(items[5]?._index).toBe(`${pipeline}-other`);
  const { body } = await elasticsearch.request("GET", `/${pipeline}/_doc/0`);
  expect(body).toMatchObject({ found: true, _source: { seen: true } });
}, 240_000);

test("the packaged Elasticsearch keeps rejected documents in a data stream's failure store", async () => {
  const name = uniqueName("kit-stream");
  await putFailureStoreTemplate(elasticsearch, name, { pattern: name, field: "message" });
  await openFailureStore(elasticsearch, name, { message: "text" });
  const items = await write(name, [1, "text"]);
  expect(items).toMatchObject([
    { status: 201, result: "created" },
    { status: 201, result: "created", failure_store: "used" },
  ]);
  expect(items[1]?._index).toStartWith(".fs-");
}, 240_000);
