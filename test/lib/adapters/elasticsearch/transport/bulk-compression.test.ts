import { describe, expect, test } from "bun:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createElasticsearch, type Elasticsearch } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { classifyFailure } from "../../../../../lib/rules/outcomes/outcome.ts";
import { remedyOf } from "../../../../../lib/rules/diagnosis/elasticsearch.ts";
import { useReleases } from "../../../../support/releases.ts";
import { rejection } from "../../../../support/rejection.ts";
import { settings } from "../../../../support/settings.ts";

const releases = useReleases();

const signal = new AbortController().signal;
const body = '{"create":{"_id":"a"}}\n{"message":"one"}\n';

interface Bulk {
  readonly encoding: string | null;
  readonly accepts: string | null;
  readonly bytes: Buffer;
}

/** Elasticsearch's answers to an unreadable and to a readable bulk. */
function elasticsearchAnswer({ encoding, bytes }: Bulk): Response {
  if (encoding === null && bytes[0] === 0x1f)
    return refusal(400, "x_content_parse_exception", "[1:2] Illegal character ((CTRL-CHAR, code 31))");
  const text = (encoding === "gzip" ? gunzipSync(bytes) : bytes).toString();
  if (!text.startsWith('{"create"'))
    return refusal(400, "illegal_argument_exception", "Malformed action/metadata line [1], found [gzip]");
  return Response.json({ errors: false, items: [{ create: { status: 201, result: "created" } }] });
}

function refusal(status: number, type: string, reason: string): Response {
  return Response.json({ error: { type, reason }, status }, { status });
}

function serve(
  answer: (bulk: Bulk) => Response = elasticsearchAnswer,
  compression: "gzip" | "none" = "gzip",
): { elasticsearch: Elasticsearch; bulks: Bulk[] } {
  const bulks: Bulk[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const headers = { "x-elastic-product": "Elasticsearch", "content-type": "application/json" };
      const path = new URL(request.url).pathname;
      if (path !== "/_bulk")
        return Response.json(path === "/_nodes" ? { nodes: { a: { version: "9.2.0" } } } : {}, { headers });
      const bulk = {
        encoding: request.headers.get("content-encoding"),
        accepts: request.headers.get("accept-encoding"),
        bytes: Buffer.from(await request.bytes()),
      };
      bulks.push(bulk);
      const response = answer(bulk);
      if (response.status !== 413) response.headers.set("x-elastic-product", "Elasticsearch");
      return response;
    },
  });
  releases.push(() => server.stop(true));
  const elasticsearch = createElasticsearch({
    ...settings().elasticsearch,
    nodes: [`http://127.0.0.1:${server.port}`],
    manageTemplates: false,
    compression,
  });
  releases.push(() => elasticsearch.close());
  return { elasticsearch, bulks };
}

const send = (elasticsearch: Elasticsearch, text: string | Buffer = body) =>
  elasticsearch.bulk(text, { pipeline: null, operations: 1, signal });

describe("a bulk", () => {
  test("is compressed and asks for a compressed answer if configured", async () => {
    const { elasticsearch, bulks } = serve();
    expect(await send(elasticsearch)).toHaveProperty("items.0.status", 201);
    expect(await send(elasticsearch, Buffer.from(body))).toHaveProperty("items.0.status", 201);
    expect(bulks).toHaveLength(2);
    for (const { encoding, accepts, bytes } of bulks) {
      expect([encoding, accepts]).toEqual(["gzip", "gzip"]);
      expect(gunzipSync(bytes).toString()).toBe(body);
    }
  });

  test("is not compressed otherwise", async () => {
    const { elasticsearch, bulks } = serve(elasticsearchAnswer, "none");
    await send(elasticsearch);
    expect(bulks).toMatchObject([{ encoding: null, accepts: "identity", bytes: Buffer.from(body) }]);
  });

  test("accepts a compressed answer, up to the size the bulk can need", async () => {
    const packed = (text: string | Buffer) => () =>
      new Response(gzipSync(text), {
        headers: { "content-encoding": "gzip", "content-type": "application/json" },
      });
    const good = serve(packed('{"errors":false,"items":[{"create":{"status":201,"result":"created"}}]}'));
    expect(await send(good.elasticsearch)).toHaveProperty("items.0.status", 201);
    const bomb = serve(packed(Buffer.alloc(3 * 1024 * 1024, " ")));
    expect(await send(bomb.elasticsearch)).toMatchObject({ failure: { kind: "answer_too_large" } });
  });
});

describe("a proxy or server that does not support compression", () => {
  /** What a proxy does with a compressed body. */
  const proxies: readonly (readonly [string, (bulk: Bulk) => Response, number])[] = [
    ["drops the header", (bulk) => elasticsearchAnswer({ ...bulk, encoding: null }), 400],
    ["refuses it", (bulk) => refuseThe("gzip", bulk, 415), 415],
    ["calls it too large", (bulk) => refuseThe("gzip", bulk, 413), 413],
    ["does not look into it", (bulk) => refuseThe("gzip", bulk, 403), 403],
  ];
  const refuseThe = (encoding: string, bulk: Bulk, status: number): Response =>
    bulk.encoding === encoding ? new Response("", { status }) : elasticsearchAnswer(bulk);

  test.each(proxies)("is reported, and no record is at fault: one that %s", async (_, proxy, status) => {
    const { elasticsearch } = serve(proxy);
    const answer = await send(elasticsearch);
    const reason = `elasticsearch.compression is gzip, which a proxy or Elasticsearch does not accept: Elasticsearch answered ${status} to a bulk it takes uncompressed`;
    expect(answer).toEqual({ failure: { kind: "bad_answer", message: reason } });
    if ("failure" in answer) expect(classifyFailure(answer.failure).kind).toBe("retry");
    const error = await rejection(elasticsearch.probe(signal));
    expect(error).toMatchObject({ code: "elasticsearch_refused", message: reason });
    expect(remedyOf(error)).toContain("or set elasticsearch.compression to none");
  });

  test("is detected by an empty bulk, once with the probe", async () => {
    const { elasticsearch, bulks } = serve();
    await elasticsearch.probe(signal);
    await elasticsearch.probe(signal);
    expect(bulks.map(({ encoding }) => encoding)).toEqual([null, "gzip"]);
    expect(gunzipSync(bulks[1]?.bytes ?? "").toString()).toBe(bulks[0]?.bytes.toString() ?? "");
  });

  test("is not tested without compression", async () => {
    const { elasticsearch, bulks } = serve(elasticsearchAnswer, "none");
    await elasticsearch.probe(signal);
    expect(bulks).toEqual([]);
  });
});

describe("a refusal unrelated to compression is reported unchanged", () => {
  test.each([
    ["too large", 413, "split"],
    ["not allowed", 403, "retry"],
  ])("%s, even for an empty bulk", async (_, status, kind) => {
    const { elasticsearch } = serve(() => new Response("", { status }));
    const answer = await send(elasticsearch);
    expect(answer).toMatchObject({ failure: { kind: "response", status } });
    if ("failure" in answer) expect(classifyFailure(answer.failure).kind).toBe(kind as "split");
  });

  test("too large, even uncompressed", async () => {
    const { elasticsearch } = serve((bulk) =>
      gunzipSync(bulk.encoding === "gzip" ? bulk.bytes : gzipSync(bulk.bytes)).length > 1_000
        ? new Response("", { status: 413 })
        : elasticsearchAnswer(bulk),
    );
    const large = body.replace("one", "x".repeat(2_000));
    expect(await send(elasticsearch, large)).toMatchObject({ failure: { kind: "response", status: 413 } });
    expect(await send(elasticsearch)).toHaveProperty("items");
  });

  test("a document that Elasticsearch cannot parse", async () => {
    const reason = "failed to parse field [a]";
    const { elasticsearch } = serve((bulk) => {
      const text = (bulk.encoding === "gzip" ? gunzipSync(bulk.bytes) : bulk.bytes).toString();
      return text === body ? refusal(400, "document_parsing_exception", reason) : elasticsearchAnswer(bulk);
    });
    expect(await send(elasticsearch)).toMatchObject({
      failure: { kind: "response", status: 400, error: { type: "document_parsing_exception", reason } },
    });
  });

  test("a busy server is tested again later", async () => {
    let asked = 0;
    const { elasticsearch } = serve((bulk) => {
      asked += 1;
      if (asked === 1) return new Response("", { status: 413 });
      return asked === 3 ? new Response("", { status: 429 }) : elasticsearchAnswer(bulk);
    });
    expect(await send(elasticsearch)).toMatchObject({ failure: { kind: "response", status: 429 } });
  });
});
