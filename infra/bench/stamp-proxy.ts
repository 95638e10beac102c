/** Where Elasticsearch seems to be. Whoever starts it stops it. */
export interface StampProxy {
  readonly url: URL;
  stop(): Promise<void>;
}

const STAMP = /"message":"(\d+\.\d{3}) /g;

/** The line, behind the moment that it is handed over at. */
export function stamped(line: string): string {
  return `${performance.now().toFixed(3)} ${line}`;
}

/**
 * Stands before Elasticsearch, in the process that stamps the lines, and tells of each stamped document how long it took
 * until the bulk that it is in was answered.
 */
export function startStampProxy(node: string, onAcknowledged: (ms: number) => void): StampProxy {
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
      const answeredAt = performance.now();
      if (pathname === "/_bulk" && body !== null && answer.ok) {
        for (const [, stamp] of Buffer.from(body.buffer, body.byteOffset, body.length)
          .toString("latin1")
          .matchAll(STAMP))
          onAcknowledged(answeredAt - Number(stamp));
      }
      return new Response(bytes, { status: answer.status, headers: answer.headers });
    },
  });
  return { url: server.url, stop: () => server.stop(true) };
}
