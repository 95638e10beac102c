import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A fault for one bulk. */
export type Mishap =
  /** Not forwarded, and answered like this. */
  | { readonly kind: "answered"; readonly status: number; readonly body: object | string }
  /** The operations that `hits` selects by position are not forwarded, and get this item; the others are executed. */
  | { readonly kind: "some refused"; readonly hits: (position: number) => boolean; readonly item: object }
  /** Executed, but the connection is closed without an answer. */
  | { readonly kind: "cut" }
  /** Executed, but the connection is closed after half of the answer. */
  | { readonly kind: "truncated" }
  /** Executed, but the answer lacks its last item. */
  | { readonly kind: "too few items" };

/** A small proxy for a real Elasticsearch. It forwards everything, except for the faults that a test sets. */
export interface ElasticsearchStub extends AsyncDisposable {
  readonly url: string;
  /** The next bulks with a document for the index get one of these faults each. */
  meet(index: string, ...mishaps: readonly Mishap[]): void;
  /** Removes all faults of the index. */
  heal(index: string): void;
  /** Longer bulks for the index are answered 413, as by a proxy with such a limit. */
  limit(index: string, bytes: number): void;
  /** The number of bulks received for the index. */
  bulks(index: string): number;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

interface BulkText {
  readonly errors: boolean;
  readonly items: object[];
}

/** @param node the address of the real server */
export async function startElasticsearchStub(node: string): Promise<ElasticsearchStub> {
  const mishaps = new Map<string, Mishap[]>();
  const limits = new Map<string, number>();
  const counts = new Map<string, number>();

  const passOn = async (request: IncomingMessage, body: string): Promise<Answer> => {
    const { method = "GET", url = "/", headers } = request;
    const answer = await fetch(new URL(url, node), {
      method,
      headers: {
        accept: headers.accept ?? "*/*",
        ...(headers["content-type"] !== undefined && { "content-type": headers["content-type"] }),
      },
      ...(body !== "" && { body }),
    });
    const type = answer.headers.get("content-type") ?? "application/json";
    return { status: answer.status, type, text: await answer.text() };
  };

  const bulk = async (request: IncomingMessage, body: string, response: ServerResponse): Promise<void> => {
    const lines = body.trimEnd().split("\n");
    const index = /"_index":"([^"]*)"/.exec(lines[0] ?? "")?.[1] ?? "";
    counts.set(index, (counts.get(index) ?? 0) + 1);
    if (Buffer.byteLength(body) > (limits.get(index) ?? Infinity)) {
      send(response, { status: 413, type: "text/plain", text: "" });
      return;
    }
    const mishap = mishaps.get(index)?.shift();
    if (mishap === undefined) {
      send(response, await passOn(request, body));
      return;
    }
    if (mishap.kind === "answered") {
      const page = typeof mishap.body === "string" ? mishap.body : null;
      send(response, {
        status: mishap.status,
        type: page === null ? contentType : "text/html",
        text: page ?? JSON.stringify(mishap.body),
      });
      return;
    }
    if (mishap.kind === "some refused") {
      const passed = lines.filter((_, at) => !mishap.hits(at >> 1));
      const answer = passed.length === 0 ? noItems : await passOn(request, `${passed.join("\n")}\n`);
      const done = (JSON.parse(answer.text) as BulkText).items;
      const items = Array.from({ length: lines.length / 2 }, (_, position) =>
        mishap.hits(position) ? mishap.item : done.shift(),
      );
      send(response, { ...answer, text: JSON.stringify({ errors: true, items }) });
      return;
    }
    const answer = await passOn(request, body);
    if (mishap.kind === "too few items") {
      const { errors, items } = JSON.parse(answer.text) as BulkText;
      send(response, { ...answer, text: JSON.stringify({ errors, items: items.slice(0, -1) }) });
      return;
    }
    if (mishap.kind === "truncated") {
      response.writeHead(answer.status, { ...headersOf(answer) });
      await new Promise<void>((sent) => {
        response.write(answer.text.slice(0, answer.text.length / 2), () => sent());
      });
    }
    request.socket.destroy();
  };

  const server = createServer((request, response) => {
    void (async () => {
      try {
        const body = await textOf(request);
        if (request.url?.split("?")[0]?.endsWith("/_bulk") === true) await bulk(request, body, response);
        else send(response, await passOn(request, body));
      } catch (error) {
        // The real server is unreachable, or the test asks for the impossible: the client must not wait for it.
        response.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    })();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    meet(index, ...more) {
      mishaps.set(index, [...(mishaps.get(index) ?? []), ...more]);
    },
    heal: (index) => void mishaps.delete(index),
    limit: (index, bytes) => void limits.set(index, bytes),
    bulks: (index) => counts.get(index) ?? 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

const contentType = "application/vnd.elasticsearch+json;compatible-with=9";

const noItems: Answer = { status: 200, type: contentType, text: '{"errors":false,"items":[]}' };

/** The official client refuses an answer without the product's name. */
function headersOf({ type, text }: Answer): Record<string, string | number> {
  return {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "x-elastic-product": "Elasticsearch",
  };
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, headersOf(answer)).end(answer.text);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
