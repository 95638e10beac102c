/** Where Elasticsearch seems to be. */
export interface BulkProxy extends AsyncDisposable {
  readonly url: URL;
}

/**
 * Stands before Elasticsearch, passes everything on, and shows each bulk that was answered with 200, together with its
 * answer, before the host gets to see it.
 * @param onBulk `answeredAt` is of `performance.now()`
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
