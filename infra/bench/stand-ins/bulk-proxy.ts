export interface BulkProxy extends AsyncDisposable {
  readonly url: URL;
}

/**
 * A proxy before Elasticsearch. It reports each bulk that was answered with 200, together with the answer, before the host gets
 * the answer.
 * @param onBulk `answeredAt` is a time of `performance.now()`
 */
export function startBulkProxy(
  node: string,
  onBulk: (body: Uint8Array, answer: Uint8Array, answeredAt: number) => void,
): BulkProxy {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: 1024 ** 3,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const body = request.method === "GET" || request.method === "HEAD" ? null : await request.bytes();
      const answer = await fetch(new URL(pathname + search, node), {
        method: request.method,
        headers: request.headers,
        body,
        decompress: false,
      });
      const bytes = await answer.bytes();
      if (pathname === "/_bulk" && body !== null && answer.ok) onBulk(body, bytes, performance.now());
      return new Response(bytes, { status: answer.status, headers: answer.headers });
    },
  });
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop(true) };
}
