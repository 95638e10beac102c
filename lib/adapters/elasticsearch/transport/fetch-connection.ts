import { constants } from "node:buffer";
import {
  BaseConnection,
  type ConnectionRequestParams,
  type ConnectionRequestResponse,
  errors,
} from "@elastic/elasticsearch";
import { messageOf } from "../../../rules/base/errors.ts";
import { proxyText } from "../../../rules/config/proxy.ts";
import type { ElasticsearchSettings, NodeProxy } from "../../../rules/model/settings.ts";
import { secondsText } from "../../../rules/base/units.ts";
import { linkTrouble } from "../../../rules/trouble/link-trouble.ts";

/** Bun would decode an answer as fast as it comes in, whether or not it is read: 700 KB may be 700 MB. */
const asItComes = { decompress: false };

/** Nobody asks without saying how long it may take. */
const DEFAULT_TIMEOUT_MS = 30_000;

const onBun = process.versions.bun !== undefined;

export const productHeader = "X-Elastic-Product";

/** What answered, whoever it is. */
export interface TextAnswer {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: string;
}

interface RequestOptions {
  readonly signal?: AbortSignal;
  /** In milliseconds, body included. */
  readonly timeout?: number | null;
  /** In bytes. The client passes on what the request says; without it, the longest string there can be. */
  readonly maxResponseSize?: number;
}

/** Why a request is given up: another node answered while this one was silent. To the client the same as a time-out. */
export class SilentNode {
  readonly forMs: number;
  constructor(forMs: number) {
    this.forMs = forMs;
  }
}

/** The answer is longer than the request takes. It was not read further, and its connection is closed. */
export class AnswerTooLargeError extends errors.RequestAbortedError {}

/**
 * The answer does not name Elasticsearch as the product. The client finds that too, but before it has read what answered.
 * To the client a trouble of the connection, so that it leaves the node out.
 */
export class OtherProductError extends errors.ConnectionError {
  readonly body: string;
  /** Who stands between, as the end of a clause; empty: nobody that is known. */
  readonly via: string;
  constructor(body: string, via: string) {
    super("the answer is of another product");
    this.body = body;
    this.via = via;
  }
}

/** The answer leads elsewhere. It is not followed: what was sent would go to who knows whom. */
export class RedirectError extends errors.ConnectionError {}

/**
 * A connection of the official client on Bun's fetch. The client's own do not do: the default one needs undici, which
 * Bun only imitates, and `HttpConnection` reports a lost connection where a server answers 413 and closes before it has
 * read the whole body (Elasticsearch does, and so does nginx), and lets go of its signal once the headers are there.
 *
 * Answers within its time, body included. Goes through the proxy it is told of, and no other: the environment's variables, which
 * fetch would follow, are taken away (lib/adapters/system/proxy-environment.ts).
 */
export class FetchConnection extends BaseConnection {
  /** Whether it ever answered. */
  #spoke = false;
  /** Null: the node is asked directly. */
  protected readonly proxy: NodeProxy | null = null;

  /** Of the node's address, without a slash at its end. */
  readonly #base: string = `${this.url.origin}${this.url.pathname.replace(/\/$/, "")}`;

  // The base class declares overloads, one of which answers with a stream; Penstock never asks for one.
  override async request(params: ConnectionRequestParams, options: RequestOptions): Promise<never>;
  override async request(
    params: ConnectionRequestParams,
    options: RequestOptions,
  ): Promise<ConnectionRequestResponse> {
    const { statusCode, headers, body } = await this.ask(params, options);
    // It is decoded here: the client would do it again.
    return { statusCode, body, headers: { ...Object.fromEntries(headers), "content-encoding": undefined } };
  }

  /** As `request`, with no more of the answer's head than what it was read for. Names of headers are in lower case. */
  async ask(params: ConnectionRequestParams, options: RequestOptions): Promise<TextAnswer> {
    const { body } = params;
    const { signal } = options;
    const timeoutMs = options.timeout ?? DEFAULT_TIMEOUT_MS;
    const limit = new AbortController();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      limit.abort();
    }, timeoutMs);
    const onAbort = (): void => limit.abort();
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    this._openRequests += 1;
    try {
      const search = params.querystring ? `?${params.querystring}` : "";
      const response = await fetch(`${this.#base}${params.path}${search}`, {
        method: params.method,
        headers: plainHeaders({ "accept-encoding": "identity", ...this.headers, ...params.headers }),
        redirect: "manual",
        ...asItComes,
        ...(typeof body === "string" || Buffer.isBuffer(body) ? { body } : {}),
        signal: limit.signal,
        ...(this.tls && { tls: this.tls }),
        ...(this.proxy && { proxy: addressOf(this.proxy) }),
      });
      this.#spoke = true;
      const { status: statusCode, headers } = response;
      const text = await textWithin(response, options.maxResponseSize ?? constants.MAX_STRING_LENGTH);
      const answer = { body: text, headers, statusCode };
      return headers.get(productHeader) === "Elasticsearch" ? answer : this.#answerOfStranger(answer);
    } catch (thrown) {
      if (isOurs(thrown)) throw thrown;
      const silence: unknown = signal?.reason;
      if (silence instanceof SilentNode) throw this.#timeout(silence.forMs);
      if (signal?.aborted === true) throw new errors.RequestAbortedError("Request aborted");
      if (isLate) throw this.#timeout(timeoutMs);
      throw new errors.ConnectionError(
        `Elasticsearch at ${this.url.origin} cannot be reached${this.#via}: ${this.#reasonOf(thrown)}`,
      );
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this._openRequests -= 1;
    }
  }

  #timeout(afterMs: number): Error {
    const after = secondsText(afterMs);
    return new errors.TimeoutError(
      `Elasticsearch at ${this.url.origin} did not answer within ${after}${this.#via}`,
    );
  }

  get #via(): string {
    return this.proxy === null ? "" : ` through ${proxyText(this.proxy)}`;
  }

  /**
   * Elasticsearch names itself in every answer but that to a request which it does not read to its end (413). Who else answers is
   * told of as far as it can be known. @throws OtherProductError, RedirectError
   */
  #answerOfStranger(answer: TextAnswer): TextAnswer {
    const { statusCode, headers, body } = answer;
    if (statusCode < 300) throw new OtherProductError(body, this.#via);
    if (statusCode < 400) {
      const to = URL.parse(String(headers.get("location")), this.url.href);
      const where = to === null ? "" : ` to ${to.origin}: let elasticsearch.nodes name that`;
      throw new RedirectError(
        `Elasticsearch at ${this.url.origin}${this.#via}: what answers redirects (${statusCode})${where}`,
      );
    }
    if (statusCode === 413 || /^\s*\{.*"error"/s.test(body)) return answer;
    const who = this.proxy === null ? "a proxy or load balancer before it" : proxyText(this.proxy);
    const reason = `the answer lacks the header ${productHeader}, so it may come from ${who}`;
    const error = { type: "unknown", reason };
    const json = new Headers(headers);
    json.set("content-type", "application/json");
    return { statusCode, headers: json, body: JSON.stringify({ error }) };
  }

  #reasonOf(thrown: unknown): string {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    const message = messageOf(thrown);
    const pem = (text: unknown) => (typeof text === "string" ? text : null);
    const tls = { ca: pem(this.tls?.ca), cert: pem(this.tls?.cert) };
    const link = { url: this.url.origin, setting: "elasticsearch.tls", tls, spoke: this.#spoke } as const;
    // Bun adds advice for whoever calls fetch, and its address may hold what the caller put there.
    return linkTrouble(`${code} ${message}`, link) ?? (code || message);
  }

  /** Nothing is held: sockets belong to fetch, and the requests under way have signals. */
  override async close(): Promise<void> {}
}

/** Connections that go through these, by node as the settings have it. */
export function connectionThrough(proxies: ElasticsearchSettings["proxies"]): typeof FetchConnection {
  // Node's, in a Lambda function, knows no `proxy`.
  if (!onBun) return FetchConnection;
  const byHref = new Map(Object.entries(proxies).map(([node, proxy]) => [new URL(node).href, proxy]));
  return class extends FetchConnection {
    protected override readonly proxy = byHref.get(this.url.href) ?? null;
  };
}

function addressOf({ url, login }: NodeProxy): string {
  const address = new URL(url);
  address.username = encodeURIComponent(login?.username ?? "");
  address.password = encodeURIComponent(login?.password.reveal() ?? "");
  return address.href;
}

function isOurs(thrown: unknown): boolean {
  return [AnswerTooLargeError, OtherProductError, RedirectError].some((kind) => thrown instanceof kind);
}

/** Proxies that compress whatever passes them do so in one of these, asked or not. */
const encodings: ReadonlyMap<string, Bun.CompressionFormat> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "brotli"],
  ["zstd", "zstd"],
]);
/** Node's, in a Lambda function, knows no `decompress`: it decodes whatever comes, piece by piece, and keeps the header. */
const fetchDecodes = !onBun;

/** Counts what comes out of an encoded answer. @throws AnswerTooLargeError */
async function textWithin(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return "";
  const encoding = fetchDecodes ? "identity" : (response.headers.get("content-encoding") ?? "identity");
  const format = encodings.get(encoding.toLowerCase());
  if (format === undefined && encoding !== "identity") {
    await response.body.cancel();
    throw new Error(`its answer is encoded as ${JSON.stringify(encoding)}, which was not asked for`);
  }
  const body =
    format === undefined ? response.body : response.body.pipeThrough(new DecompressionStream(format));
  // As long as whoever answers says, it comes at once, without a stream's steps.
  const told = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
  if (told !== null && Number(told) <= maxBytes) return response.text();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Left early, the loop cancels the body.
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new AnswerTooLargeError(`it is over ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Without those that fetch sets by itself. */
function plainHeaders(headers: ConnectionRequestParams["headers"]): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && name !== "content-length") plain[name] = String(value);
  }
  return plain;
}
