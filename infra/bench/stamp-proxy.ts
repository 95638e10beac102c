import { z } from "zod";

/** Where Elasticsearch seems to be. */
export interface StampProxy extends AsyncDisposable {
  readonly url: URL;
}

const STAMP = /"message":"(\d+\.\d{3}) /;
const bulkAnswer = z.object({ items: z.array(z.object({ create: z.object({ status: z.number() }) })) });

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
        for (const stamp of stampsTaken(body, bytes)) onAcknowledged(answeredAt - stamp);
      }
      return new Response(bytes, { status: answer.status, headers: answer.headers });
    },
  });
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** The stamps of those documents that are there for good: taken now, or there already. */
function stampsTaken(body: Uint8Array, answer: Uint8Array): number[] {
  const { items } = bulkAnswer.parse(JSON.parse(new TextDecoder().decode(answer)));
  const lines = new TextDecoder().decode(body).split("\n");
  return items.flatMap(({ create: { status } }, position) => {
    const stamp = STAMP.exec(lines[2 * position + 1] ?? "")?.[1];
    return stamp !== undefined && (status < 300 || status === 409) ? [Number(stamp)] : [];
  });
}
