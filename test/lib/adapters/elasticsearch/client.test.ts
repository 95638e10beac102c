import { coveringTemplate } from "../../../../lib/rules/template/index-template.ts";
import { describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { templateLockName } from "../../../../lib/adapters/elasticsearch/template/template-lock.ts";
import { createElasticsearch, type Elasticsearch } from "../../../../lib/adapters/elasticsearch/client.ts";
import { useReleases } from "../../../support/releases.ts";
import { rejection } from "../../../support/rejection.ts";
import type { ElasticsearchSettings } from "../../../../lib/rules/model/settings.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import { settings } from "../../../support/settings.ts";

const releases = useReleases();

const signal = new AbortController().signal;

interface Seen {
  readonly request: string;
  readonly accept: string | null;
  readonly contentType: string | null;
  readonly authorization: string | null;
  readonly body: string;
}

const templateLock = `/_component_template/${templateLockName}`;

/** A server that reports a version, grants the lock to everyone, and has a configurable answer to everything else. */
function serve(
  version: string,
  answer: (request: Request) => Response | Promise<Response>,
  changes: Partial<ElasticsearchSettings> = {},
  lock: (method: string) => Response = ok,
): { elasticsearch: Elasticsearch; seen: Seen[] } {
  const seen: Seen[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      seen.push({
        request: `${request.method} ${pathname}${decodeURIComponent(search)}`,
        accept: request.headers.get("accept"),
        contentType: request.headers.get("content-type"),
        authorization: request.headers.get("authorization"),
        body: await request.clone().text(),
      });
      const response =
        pathname === "/_nodes" && version !== ""
          ? Response.json({ nodes: { a: { version } } })
          : pathname === templateLock
            ? lock(request.method)
            : await answer(request);
      if (!response.headers.has("x-elastic-product"))
        response.headers.set("x-elastic-product", "Elasticsearch");
      return response;
    },
  });
  releases.push(() => server.stop(true));
  return { elasticsearch: connect(`http://127.0.0.1:${server.port}`, changes), seen };
}

function connect(node: string, changes: Partial<ElasticsearchSettings> = {}): Elasticsearch {
  const elasticsearch = createElasticsearch({
    ...settings().elasticsearch,
    nodes: [node],
    bulk: { maxDocuments: 10, maxBytes: 1000, concurrency: 1, requestTimeoutMs: 1000 },
    ...changes,
  });
  releases.push(() => elasticsearch.close());
  return elasticsearch;
}

/** Produced one piece at a time, as it is read. */
function spaces(bytes: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(64 * 1024).fill(32);
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(piece);
      left -= piece.length;
      if (left <= 0) controller.close();
    },
  });
}

const bulk = (elasticsearch: Elasticsearch) =>
  elasticsearch.bulk("{}\n{}\n", { pipeline: null, operations: 1, signal });
const ok = () => Response.json({ errors: false, items: [{ create: { status: 201, result: "created" } }] });

describe("the version", () => {
  test.each([
    ["8.19.5", 8],
    ["9.2.0", 9],
  ])("%s is used as %d, and detected once", async (version, major) => {
    const { elasticsearch, seen } = serve(version, ok);
    expect(await bulk(elasticsearch)).toEqual({ items: [{ status: 201, result: "created", error: null }] });
    await elasticsearch.bulk("{}\n{}\n", { pipeline: "p", operations: 1, signal });
    expect(seen.map(({ request }) => request)).toEqual([
      "GET /_nodes?filter_path=nodes.*.version&timeout=1s",
      "POST /_bulk?filter_path=errors,items.*.status,items.*.error,items.*.result,items.*.failure_store&timeout=500ms",
      "POST /_bulk?filter_path=errors,items.*.status,items.*.error,items.*.result,items.*.failure_store&timeout=500ms&pipeline=p",
    ]);
    expect(seen[0]?.accept).toBe("application/json");
    expect(seen[1]).toMatchObject({
      accept: `application/vnd.elasticsearch+json; compatible-with=${major}`,
      contentType: `application/vnd.elasticsearch+x-ndjson; compatible-with=${major}`,
      body: "{}\n{}\n",
    });
  });

  test("is detected again when the cluster no longer accepts it", async () => {
    const refusal = { error: { type: "media_type_header_exception", reason: "x" }, status: 400 };
    const { elasticsearch, seen } = serve("9.2.0", () => Response.json(refusal, { status: 400 }));
    await bulk(elasticsearch);
    await bulk(elasticsearch);
    expect(seen.filter(({ request }) => request.startsWith("GET"))).toHaveLength(2);
  });

  test("comes from GET / if the nodes may not be listed", async () => {
    const { elasticsearch } = serve("", (request) =>
      new URL(request.url).pathname === "/"
        ? Response.json({ version: { number: "9.0.1" } })
        : Response.json({ error: { type: "security_exception", reason: "x" } }, { status: 403 }),
    );
    await elasticsearch.probe(signal);
  });

  test("of 7 is refused with the reason", async () => {
    const { elasticsearch } = serve("7.17.0", ok);
    expect(await rejection(elasticsearch.probe(signal))).toMatchObject({
      code: "elasticsearch_refused",
      message: expect.stringContaining("version 7.17.0"),
    });
    expect(await bulk(elasticsearch)).toMatchObject({ failure: { kind: "bad_answer" } });
  });

  // Without the product header, as OpenSearch and Elasticsearch before 7.14 answer.
  const strangers = {
    "OpenSearch 2.19.1": { version: { distribution: "opensearch", number: "2.19.1" }, tagline: "x" },
    "another product, which reports version 7.10.2, without the header X-Elastic-Product": {
      version: { number: "7.10.2" },
    },
    "another product, without the header X-Elastic-Product": "<html>It works!</html>",
    "version 9.2.0 without the header X-Elastic-Product, which a proxy must not remove": {
      version: { number: "9.2.0" },
    },
  };
  test.each(Object.entries(strangers))("%s is refused with the reason", async (name, root) => {
    const number = typeof root === "string" ? "" : root.version.number;
    const { elasticsearch, seen } = serve("", (request) => {
      const isRoot = new URL(request.url).pathname === "/";
      const nodes = typeof root === "string" ? root : { nodes: { a: { version: number } } };
      return Response.json(isRoot ? root : nodes, { headers: { "x-elastic-product": "none" } });
    });
    expect(await rejection(elasticsearch.probe(signal))).toMatchObject({
      code: "elasticsearch_refused",
      message: `Elasticsearch 8 or 9 is needed, but the answer comes from ${name}`,
    });
    expect(await bulk(elasticsearch)).toMatchObject({ failure: { kind: "bad_answer" } });
    expect(seen.filter(({ request }) => request.startsWith("POST"))).toEqual([]);
  });

  test("that is unsupported stops the writing, even after a supported one", async () => {
    const versions = ["9.2.0", "7.17.28"];
    const { elasticsearch, seen } = serve("", (request) =>
      new URL(request.url).pathname === "/_nodes"
        ? Response.json({ nodes: { a: { version: versions.length > 1 ? versions.shift() : versions[0] } } })
        : ok(),
    );
    await bulk(elasticsearch);
    expect(await rejection(elasticsearch.probe(signal))).toMatchObject({
      message: "Elasticsearch 8 or 9 is needed, but the answer comes from version 7.17.28",
    });
    expect(await bulk(elasticsearch)).toMatchObject({ failure: { kind: "bad_answer" } });
    expect(seen.filter(({ request }) => request.startsWith("POST"))).toHaveLength(1);
  });
});

describe("the failure of a bulk is a value", () => {
  test.each([401, 403, 404, 413, 429, 500, 503])("status %d", async (status) => {
    const { elasticsearch, seen } = serve("9.2.0", () => new Response("", { status }));
    expect(await bulk(elasticsearch)).toEqual({ failure: { kind: "response", status, error: null } });
    expect(seen.filter(({ request }) => request.startsWith("POST"))).toHaveLength(1);
  });

  test.each([
    ["not JSON", () => new Response('{"items":[{"cre', { headers: { "content-type": "application/json" } })],
    ["no items", () => Response.json({ took: 1 })],
    ["a page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
  ])("%s", async (_, answer) => {
    const { elasticsearch } = serve("9.2.0", answer);
    expect(await bulk(elasticsearch)).toMatchObject({ failure: { kind: "bad_answer" } });
  });

  test("no server", async () => {
    const elasticsearch = connect("http://127.0.0.1:1");
    expect(await bulk(elasticsearch)).toMatchObject({ failure: { kind: "connection" } });
    expect(await rejection(elasticsearch.probe(signal))).toMatchObject({
      code: "elasticsearch_unavailable",
      retryable: true,
    });
  });

  test("an answer that stops halfway ends with the deadline", async () => {
    const stuck = (): Response =>
      new Response(new ReadableStream({ start: (controller) => controller.enqueue('{"items":[') }), {
        headers: { "content-type": "application/json" },
      });
    const { elasticsearch } = serve("9.2.0", stuck, {
      bulk: { maxDocuments: 1, maxBytes: 1, concurrency: 1, requestTimeoutMs: 100 },
    });
    expect(await bulk(elasticsearch)).toMatchObject({ failure: { kind: "timeout" } });
  });

  test("413 from a server that closes before it has read the body", async () => {
    const head = "HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const nodes = JSON.stringify({ nodes: { a: { version: "9.2.0" } } });
    const product = `x-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\n`;
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, data) {
          const asked = data.toString("latin1", 0, 4) === "GET ";
          socket.end(
            asked ? `HTTP/1.1 200 OK\r\n${product}content-length: ${nodes.length}\r\n\r\n${nodes}` : head,
          );
        },
      },
    });
    releases.push(() => server.stop(true));
    const elasticsearch = connect(`http://127.0.0.1:${server.port}`);
    const answer = await elasticsearch.bulk("x".repeat(5_000_000), { pipeline: null, operations: 1, signal });
    expect(answer).toEqual({ failure: { kind: "response", status: 413, error: null } });
  });

  describe("an answer longer than the request can need is discarded", () => {
    const reason = `the answer to POST /_bulk was discarded: it exceeds ${1024 * 1024 + 1024 + 18} bytes`;
    const failure = { kind: "answer_too_large", message: reason } as const;

    test("without end", async () => {
      const { elasticsearch } = serve("9.2.0", () => new Response(spaces(Infinity)));
      expect(await bulk(elasticsearch)).toEqual({ failure });
    });

    test.each([
      ["gzip", gzipSync],
      ["deflate", deflateSync],
      ["br", brotliCompressSync],
      ["zstd", zstdCompressSync],
    ])("compressed unasked, counted after decompression: %s", async (encoding, compress) => {
      const text = compress(Buffer.alloc(2 * 1024 * 1024, " "));
      expect(text.length).toBeLessThan(10_000);
      const { elasticsearch } = serve(
        "9.2.0",
        () => new Response(text, { headers: { "content-encoding": encoding } }),
      );
      expect(await bulk(elasticsearch)).toEqual({ failure });
    });
  });

  test.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ])("an answer that was compressed unasked is read: %s", async (encoding, compress) => {
    const { elasticsearch } = serve("9.2.0", async () => {
      const headers = { "content-encoding": encoding, "content-type": "application/json" };
      return new Response(compress(await ok().bytes()), { headers });
    });
    expect(await bulk(elasticsearch)).toHaveProperty("items.length", 1);
  });

  test("an unknown encoding is named", async () => {
    const { elasticsearch } = serve(
      "9.2.0",
      () => new Response("{}", { headers: { "content-encoding": "compress" } }),
    );
    expect(await bulk(elasticsearch)).toMatchObject({
      failure: {
        kind: "connection",
        message: expect.stringContaining('has the encoding "compress", which was not'),
      },
    });
  });

  test("an abort throws its reason", async () => {
    const stopping = new AbortController();
    const { elasticsearch } = serve("9.2.0", () => {
      stopping.abort(new Error("stopping"));
      return new Promise<Response>(() => {});
    });
    const answer = elasticsearch.bulk("", { pipeline: null, operations: 1, signal: stopping.signal });
    expect(await rejection(answer)).toMatchObject({ message: "stopping" });
  });
});

test("the login is sent with every request and appears in no error", async () => {
  const auth = { kind: "basic", username: "u", password: new Secret("hunter2") } as const;
  const { elasticsearch, seen } = serve("9.2.0", () => new Response("", { status: 401 }), { auth });
  expect(JSON.stringify(await bulk(elasticsearch))).not.toContain("hunter2");
  expect(seen.map(({ authorization }) => authorization)).toEqual(Array(2).fill(`Basic ${btoa("u:hunter2")}`));
  const withKey = serve("9.2.0", ok, { auth: { kind: "apiKey", apiKey: new Secret("abc") } });
  await bulk(withKey.elasticsearch);
  expect(withKey.seen[1]?.authorization).toBe("ApiKey abc");
});

test("a proxy's refusal that quotes the login is shown without it", async () => {
  for (const auth of [
    { kind: "basic", username: "u", password: new Secret("hunter2") },
    { kind: "apiKey", apiKey: new Secret("abcd1234==") },
  ] as const) {
    const quoting = serve(
      "9.2.0",
      ({ headers }) =>
        Response.json(
          { error: { type: "proxy_exception", reason: `who is ${headers.get("authorization")}?` } },
          { status: 401 },
        ),
      { auth },
    );
    const answer = JSON.stringify(await bulk(quoting.elasticsearch));
    expect(answer).toContain("(hidden)");
    expect(answer).not.toContain(btoa("u:hunter2").replaceAll("=", ""));
    expect(answer).not.toContain("abcd1234");
  }
});

describe("the template", () => {
  const templates = (patterns: string[]) =>
    Response.json({ index_templates: [{ index_template: coveringTemplate(null, patterns) }] });
  const bulkOf = (elasticsearch: Elasticsearch, pattern: string) =>
    elasticsearch.bulk("{}\n{}\n", { pipeline: null, operations: 1, pattern, signal });

  test("is left alone if the user manages templates", async () => {
    const { elasticsearch, seen } = serve("9.2.0", ok, { manageTemplates: false });
    await elasticsearch.ensureTemplate(["a"], signal);
    expect(seen).toEqual([]);
  });

  test("a bulk that waited for its check is not sent if it must not be sent any more", async () => {
    const { elasticsearch, seen } = serve("9.2.0", ({ method }) =>
      method === "GET" ? templates(["a"]) : ok(),
    );
    await elasticsearch.ensureTemplate(["a"], signal);
    const [isLate, isDue] = [false, true].map((due) =>
      elasticsearch.bulk("{}\n{}\n", {
        pipeline: null,
        operations: 1,
        pattern: "a",
        isDue: () => due,
        signal,
      }),
    );
    expect(await isLate).toMatchObject({ failure: { kind: "connection" } });
    await isDue;
    expect(seen.filter(({ request }) => request.startsWith("POST /_bulk"))).toHaveLength(1);
  });

  test("another host's concurrent write is noticed: our patterns are added to theirs", async () => {
    const writes: unknown[] = [];
    // Read once more under the lock before it is written.
    const reads = [
      templates(["old"]),
      templates(["old"]),
      templates(["old", "theirs"]),
      templates(["old", "ours", "theirs"]),
    ];
    const { elasticsearch } = serve("9.2.0", async (request) => {
      if (request.method === "GET") return reads.shift() ?? new Response("", { status: 500 });
      writes.push(Object(await request.json()).index_patterns);
      return Response.json({ acknowledged: true });
    });
    await elasticsearch.ensureTemplate(["ours"], signal);
    expect(writes).toEqual([
      ["old", "ours"],
      ["old", "ours", "theirs"],
    ]);
  });

  test("patterns that another host writes while it holds the lock are not written again", async () => {
    const { elasticsearch, seen } = serve(
      "9.2.0",
      ({ method }) => {
        // Their write follows the second read.
        const looks = seen.filter(({ request }) => request === "GET /_index_template/penstock").length;
        return method === "GET" ? templates(looks < 3 ? ["old"] : ["old", "ours"]) : ok();
      },
      {},
      (method) =>
        method === "PUT"
          ? Response.json(
              { error: { type: "illegal_argument_exception", reason: "… already exists" } },
              { status: 400 },
            )
          : Response.json({}),
    );
    await elasticsearch.ensureTemplate(["ours"], signal);
    expect(seen.filter(({ request }) => request.startsWith("PUT /_index_template"))).toEqual([]);
    expect(seen.filter(({ request }) => request.startsWith("PUT /_component_template"))).toHaveLength(2);
  });

  describe("that Elasticsearch refuses because of one pattern", () => {
    /** Refuses the pattern `bad` while `picky`. */
    function serveOne() {
      const world = { picky: true, busy: false, kept: null as string[] | null, writes: [] as string[][] };
      const reason =
        "index template [penstock] has index patterns [x] matching patterns from existing templates [t] with patterns (t => [ba*]) that have the same priority [150], …";
      const { elasticsearch } = serve("9.2.0", async (request) => {
        if (request.url.includes("/_bulk")) return ok();
        if (world.busy) return Response.json({}, { status: 429 });
        if (request.method === "GET")
          return world.kept === null ? Response.json({}, { status: 404 }) : templates(world.kept);
        const patterns = Object(await request.json()).index_patterns as string[];
        world.writes.push(patterns);
        if (world.picky && patterns.includes("bad"))
          return Response.json({ error: { type: "illegal_argument_exception", reason } }, { status: 400 });
        world.kept = patterns;
        return Response.json({ acknowledged: true });
      });
      return { elasticsearch, world };
    }

    test("covers the others and gives the reason; a later request tries again and succeeds", async () => {
      const { elasticsearch, world } = serveOne();
      const refused = await elasticsearch.ensureTemplate(["a", "bad", "b"], signal);
      expect([...refused.keys()]).toEqual(["bad"]);
      expect(refused.get("bad")).toContain(
        "index pattern [bad] matching patterns from existing templates [t]",
      );
      expect(world.kept).toEqual(["a", "b"]);
      // Other patterns are neither blocked by it nor trigger a retry.
      expect((await elasticsearch.ensureTemplate(["c"], signal)).size).toBe(0);
      expect(world.writes.at(-1)).toEqual(["a", "b", "c"]);
      world.picky = false;
      expect((await elasticsearch.ensureTemplate(["bad"], signal)).size).toBe(0);
      expect(world.kept).toEqual(["a", "b", "bad", "c"]);
    });

    test("blocks only its own bulks after the template was lost, until it is accepted", async () => {
      const { elasticsearch, world } = serveOne();
      world.picky = false;
      await elasticsearch.ensureTemplate(["a", "bad"], signal);
      world.picky = true;
      world.kept = null;
      expect([...(await elasticsearch.ensureTemplate(["bad"], signal)).keys()]).toEqual(["bad"]);
      expect(await bulkOf(elasticsearch, "a")).toMatchObject({ items: [{ status: 201 }] });
      expect(await bulkOf(elasticsearch, "bad")).toMatchObject({
        failure: { message: expect.stringContaining("the index template could not be set up") },
      });
      world.picky = false;
      expect(await bulkOf(elasticsearch, "bad")).toMatchObject({ items: [{ status: 201 }] });
    });

    test("blocks all of its bulks while one of them retries, and while the answer is unknown", async () => {
      const { elasticsearch, world } = serveOne();
      await elasticsearch.ensureTemplate(["a", "bad"], signal);
      // Checked once more before the first bulk, and fine since.
      for (let n = 0; n < 3; n += 1) await bulkOf(elasticsearch, "a");
      const isHeldUp = async (): Promise<boolean> => "failure" in (await bulkOf(elasticsearch, "bad"));
      expect(await Promise.all([isHeldUp(), isHeldUp()])).toEqual([true, true]);
      world.busy = true;
      expect(await isHeldUp()).toBe(true);
      world.busy = false;
      expect(await isHeldUp()).toBe(true);
      world.picky = false;
      expect(await bulkOf(elasticsearch, "bad")).toMatchObject({ items: [{ status: 201 }] });
    });
  });

  test("that cannot be read is not overwritten", async () => {
    const { elasticsearch, seen } = serve("9.2.0", () => Response.json({}));
    expect(elasticsearch.ensureTemplate(["a"], signal)).rejects.toMatchObject({
      code: "elasticsearch_refused",
    });
    expect(seen.some(({ request }) => request.startsWith("PUT"))).toBe(false);
  });

  test("patterns that another host overwrites after our check are restored before the first bulk", async () => {
    let kept: string[] = [];
    const { elasticsearch } = serve("9.2.0", async (request) => {
      if (request.url.includes("/_bulk")) return ok();
      if (request.method === "GET") return templates(kept);
      kept = Object(await request.json()).index_patterns;
      return Response.json({ acknowledged: true });
    });
    await elasticsearch.ensureTemplate(["ours"], signal);
    kept = ["theirs"];
    await bulk(elasticsearch);
    expect(kept).toEqual(["ours", "theirs"]);
  });

  test("the same holds for a new topic beside one that is written to all the time", async () => {
    let kept: string[] = [];
    let looks = 0;
    const { elasticsearch } = serve("9.2.0", async (request) => {
      if (request.url.includes("/_bulk")) return ok();
      if (request.method === "GET") {
        looks += 1;
        return templates(kept);
      }
      kept = Object(await request.json()).index_patterns;
      return Response.json({ acknowledged: true });
    });
    await elasticsearch.ensureTemplate(["busy", "new"], signal);
    for (let n = 0; n < 3; n += 1) await bulkOf(elasticsearch, "busy");
    kept = ["busy", "theirs"];
    await bulkOf(elasticsearch, "new");
    expect(kept).toEqual(["busy", "new", "theirs"]);
    for (let n = 0; n < 3; n += 1) await bulkOf(elasticsearch, "new");
    looks = 0;
    for (const pattern of ["busy", "new"]) await bulkOf(elasticsearch, pattern);
    expect(looks).toBe(0);
  });

  describe("after the cluster was unreachable", () => {
    /** A cluster that loses the template while its first bulk gets no answer. */
    async function afterLoss(put: () => Response) {
      let kept: string[] | null = ["ours"];
      let bulks = 0;
      const { elasticsearch, seen } = serve(
        "9.2.0",
        (request) => {
          if (request.url.includes("/_bulk"))
            return (bulks += 1) === 1 ? new Promise<Response>(() => {}) : ok();
          if (request.method === "GET")
            return kept === null ? Response.json({}, { status: 404 }) : templates(kept);
          const answer = put();
          if (answer.ok) kept = ["ours"];
          return answer;
        },
        { bulk: { maxDocuments: 1, maxBytes: 1, concurrency: 1, requestTimeoutMs: 1_000 } },
      );
      await elasticsearch.ensureTemplate(["ours"], signal);
      expect(await bulk(elasticsearch)).toMatchObject({ failure: { kind: "timeout" } });
      kept = null;
      seen.length = 0;
      return { elasticsearch, seen };
    }
    const pathsOf = (seen: readonly Seen[]) => seen.map(({ request }) => request.replace(/\?.*/, ""));

    test("the template is restored before the next bulk, and checked once", async () => {
      const { elasticsearch, seen } = await afterLoss(() => Response.json({ acknowledged: true }));
      const answers = await Promise.all([bulk(elasticsearch), bulk(elasticsearch)]);
      expect(answers).toMatchObject([{ items: [{ status: 201 }] }, { items: [{ status: 201 }] }]);
      const template = "/_index_template/penstock";
      // Without the requests for the lock.
      const paths = pathsOf(seen).filter((path) => !path.endsWith(templateLock));
      expect(paths.slice(0, 4)).toEqual([
        `GET ${template}`,
        `GET ${template}`,
        `PUT ${template}`,
        `GET ${template}`,
      ]);
      // Checked once more before the second bulk, because another host may have overwritten it.
      expect(paths.slice(4).sort()).toEqual([`GET ${template}`, "POST /_bulk", "POST /_bulk"]);
      await bulk(elasticsearch);
      expect(pathsOf(seen).at(-1)).toEqual("POST /_bulk");
      expect(pathsOf(seen).filter((path) => path === "POST /_bulk")).toHaveLength(3);
    });

    test("a bulk is not sent while the template is refused, and its failure says so", async () => {
      const refused = () => Response.json({ error: { type: "forbidden", reason: "no" } }, { status: 403 });
      const { elasticsearch, seen } = await afterLoss(refused);
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const answer = await bulk(elasticsearch);
        expect(answer).toMatchObject({
          failure: { message: expect.stringContaining("the index template could not be set up") },
        });
      }
      expect(pathsOf(seen)).not.toContain("POST /_bulk");
    });
  });
});
