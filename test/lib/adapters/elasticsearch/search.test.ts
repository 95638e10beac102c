import { expect, test } from "bun:test";
import { createElasticsearch } from "../../../../lib/adapters/elasticsearch/client.ts";
import { type Search, searchText } from "../../../../lib/adapters/elasticsearch/search.ts";
import { useReleases } from "../../../support/releases.ts";
import { rejection } from "../../../support/rejection.ts";
import { settings } from "../../../support/settings.ts";

const releases = useReleases();

/** A server with a configurable answer that records its requests. */
function serve(answer: (request: Request) => Response | Promise<Response>) {
  const asked: { path: string; type: string | null; body: string }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/_nodes") {
        return Response.json({ nodes: { a: { version: "9.2.0" } } }, { headers: product });
      }
      const type = request.headers.get("content-type");
      asked.push({ path: `${pathname}${search}`, type, body: await request.clone().text() });
      return answer(request);
    },
  });
  releases.push(() => server.stop(true));
  const elasticsearch = createElasticsearch({
    ...settings().elasticsearch,
    nodes: [`http://127.0.0.1:${server.port}`],
  });
  releases.push(() => elasticsearch.close());
  const ask = (search: Partial<Search> = {}, signal = new AbortController().signal) =>
    searchText(
      elasticsearch,
      { indices: ["app-*", "b"], body: { size: 1 }, maxBytes: 1_000, timeoutMs: 1_000, ...search },
      signal,
    );
  return { ask, asked };
}

const product = { "x-elastic-product": "Elasticsearch", "content-type": "application/json" };
const answerWith = (text: string, status = 200) => new Response(text, { status, headers: product });
const text = '{"took":1, "n":1.000,"id":12345678901234567890}';

test("returns the answer's text unchanged", async () => {
  const { ask, asked } = serve(() => answerWith(text));
  expect(await ask()).toBe(text);
  expect(asked).toEqual([
    {
      path: "/app-*,b/_search?ignore_unavailable=true&allow_no_indices=true",
      type: "application/vnd.elasticsearch+json; compatible-with=9",
      body: '{"size":1}',
    },
  ]);
});

test("stops reading an answer that is too long, with or without a content-length", async () => {
  let pulled = 0;
  const chunk = new TextEncoder().encode("x".repeat(100_000));
  const { ask } = serve(() => {
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1;
        if (pulled > 10_000) controller.close();
        else controller.enqueue(chunk);
      },
    });
    return new Response(body, { headers: product });
  });
  expect(await ask({ timeoutMs: 10_000 })).toBeNull();
  // The sockets' buffers may already hold some of it.
  expect(pulled).toBeLessThan(500);
  expect(await serve(() => answerWith("x".repeat(1_001))).ask()).toBeNull();
  expect(await serve(() => answerWith("x".repeat(1_000))).ask()).toHaveLength(1_000);
});

test("takes more indices than fit into a request line", async () => {
  const indices = Array.from({ length: 300 }, (_, n) => `an-index-${n}`);
  const { ask, asked } = serve(() => answerWith(`{"took":1,"responses":[ ${text} ]}`));
  expect(await ask({ indices })).toBe(text);
  expect(asked[0]).toMatchObject({ path: "/_msearch", type: expect.stringContaining("x-ndjson") });
  const [header = "", body] = asked[0]?.body.split("\n") ?? [];
  expect(JSON.parse(header)).toEqual({ index: indices, ignore_unavailable: true, allow_no_indices: true });
  expect(body).toBe('{"size":1}');
  const refused = '{"responses":[{"status":400,"error":{"type":"x","reason":"too many clauses"}}]}';
  expect(await rejection(serve(() => answerWith(refused)).ask({ indices }))).toMatchObject({ code: "usage" });
});

const failure = JSON.stringify({
  error: {
    type: "search_phase_execution_exception",
    reason: "all shards failed",
    caused_by: { reason: "maxClauseCount is set to 1024" },
  },
});

test.each([
  [400, "usage", "maxClauseCount is set to 1024"],
  [403, "elasticsearch_refused", "all shards failed"],
  [429, "elasticsearch_unavailable", "all shards failed"],
  [503, "elasticsearch_unavailable", "all shards failed"],
])("%d is %s: %s", async (status, code, message) => {
  const { ask } = serve(() => answerWith(failure, status));
  expect(await rejection(ask())).toMatchObject({ code, message: expect.stringContaining(message) });
});

test("a proxy's page is reported by its status", async () => {
  const page = () => new Response("<html>", { status: 502, headers: { "content-type": "text/html" } });
  expect(await rejection(serve(page).ask())).toMatchObject({ code: "elasticsearch_unavailable" });
});

test("ends with its deadline, or with its signal", async () => {
  const { ask } = serve(() => new Promise(() => {}));
  expect(await rejection(ask({ timeoutMs: 20 }))).toMatchObject({ code: "deadline_exceeded" });
  const gone = new AbortController();
  const asked = rejection(ask({}, gone.signal));
  const reason = new Error("gone");
  gone.abort(reason);
  expect(await asked).toBe(reason);
});
