import { constants } from "node:buffer";
import {
  BaseConnection,
  type ConnectionRequestParams,
  type ConnectionRequestResponse,
  errors,
} from "@elastic/elasticsearch";
import { messageOf } from "../../../rules/base/errors.ts";
import { proxyText } from "../../../rules/config/proxy.ts";
import { proxyAddress } from "../../system/proxy-environment.ts";
import type { ElasticsearchSettings, NodeProxy } from "../../../rules/model/settings.ts";
import { secondsText } from "../../../rules/base/units.ts";
import { linkTrouble } from "../../../rules/trouble/link-trouble.ts";

/** Bun would decompress an answer even if nobody reads it: 700 KB can become 700 MB. */
const undecoded = { decompress: false };

/** A fallback: every request sets its own timeout. */
const DEFAULT_TIMEOUT_MS = 30_000;

const onBun = process.versions.bun !== undefined;

export const productHeader = "X-Elastic-Product";

/** An answer, from Elasticsearch or something in front of it. */
export interface TextAnswer {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: string;
}

interface RequestOptions {
  readonly signal?: AbortSignal;
  /** In milliseconds, body included. */
  readonly timeout?: number | null;
  /** In bytes; default: the maximum length of a string. */
  readonly maxResponseSize?: number;
}

/** The abort reason if another node answered while this one was silent. The client sees a timeout. */
export class SilentNode {
  readonly forMs: number;
  constructor(forMs: number) {
    this.forMs = forMs;
  }
}

/** The answer exceeds the request's limit. The rest is not read, and the connection is closed. */
export class AnswerTooLargeError extends errors.RequestAbortedError {}

/**
 * The answer does not name Elasticsearch as the product. The client checks this too, but before it has read the body.
 * A subclass of ConnectionError, so that the client leaves the node out.
 */
export class OtherProductError extends errors.ConnectionError {
  readonly body: string;
  /** The proxy, as the end of a clause; empty if there is none. */
  readonly via: string;
  constructor(body: string, via: string) {
    super("the answer comes from another product");
    this.body = body;
    this.via = via;
  }
}

/** The answer is a redirect. It is not followed, as records and logins would go to an unknown server. */
export class RedirectError extends errors.ConnectionError {}

/**
 * A connection for the official client on Bun's fetch. The client's own connections do not work here: the default one
 * needs undici, which Bun only imitates. `HttpConnection` reports a lost connection if a server answers 413 and closes
 * before reading the whole body (Elasticsearch and nginx do), and ignores its signal once the headers have arrived.
 *
 * The timeout covers the body. Only the configured proxy is used: the environment variables that fetch would follow are
 * removed (lib/adapters/system/proxy-environment.ts).
 */
export class FetchConnection extends BaseConnection {
  /** Whether the node ever answered. */
  #spoke = false;
  /** Null for a direct connection. */
  protected readonly proxy: NodeProxy | null = null;

  /** Without a slash at the end. */
  readonly #base: string = `${this.url.origin}${this.url.pathname.replace(/\/$/, "")}`;

  // The base class declares overloads, one of which returns a stream; Penstock never uses it.
  override async request(params: ConnectionRequestParams, options: RequestOptions): Promise<never>;
  override async request(
    params: ConnectionRequestParams,
    options: RequestOptions,
  ): Promise<ConnectionRequestResponse> {
    const { statusCode, headers, body } = await this.ask(params, options);
    // Already decompressed: with the header, the client would do it again.
    return { statusCode, body, headers: { ...Object.fromEntries(headers), "content-encoding": undefined } };
  }

  /** Like `request`, without converting the headers. Header names must be in lower case. */
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
        ...undecoded,
        ...(typeof body === "string" || Buffer.isBuffer(body) ? { body } : {}),
        signal: limit.signal,
        ...(this.tls && { tls: this.tls }),
        ...(this.proxy && { proxy: proxyAddress(this.proxy) }),
      });
      this.#spoke = true;
      const { status: statusCode, headers } = response;
      const text = await textWithin(response, options.maxResponseSize ?? constants.MAX_STRING_LENGTH);
      const answer = { body: text, headers, statusCode };
      return headers.get(productHeader) === "Elasticsearch" ? answer : this.#explainForeign(answer);
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
   * Explains an answer without the product header. Elasticsearch sends it with every answer, except for a request that
   * it does not read to the end (413). @throws OtherProductError, RedirectError
   */
  #explainForeign(answer: TextAnswer): TextAnswer {
    const { statusCode, headers, body } = answer;
    if (statusCode < 300) throw new OtherProductError(body, this.#via);
    if (statusCode < 400) {
      const to = URL.parse(String(headers.get("location")), this.url.href);
      const where = to === null ? "" : ` to ${to.origin}: use that address in elasticsearch.nodes`;
      throw new RedirectError(
        `Elasticsearch at ${this.url.origin}${this.#via} redirects (${statusCode})${where}`,
      );
    }
    if (statusCode === 413 || /^\s*\{.*"error"/s.test(body)) return answer;
    const who = this.proxy === null ? "a proxy or load balancer in front of it" : proxyText(this.proxy);
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
    // The raw message is the last resort: Bun adds advice for callers of fetch, and quotes the address.
    return linkTrouble(`${code} ${message}`, link) ?? (code || message);
  }

  /** Nothing to release: fetch owns the sockets, and pending requests have signals. */
  override async close(): Promise<void> {}
}

/** Returns a connection class that uses these proxies, keyed by node as configured. */
export function connectionThrough(proxies: ElasticsearchSettings["proxies"]): typeof FetchConnection {
  // Node's fetch, used in a Lambda function, has no `proxy` option.
  if (!onBun) return FetchConnection;
  const byHref = new Map(Object.entries(proxies).map(([node, proxy]) => [new URL(node).href, proxy]));
  return class extends FetchConnection {
    protected override readonly proxy = byHref.get(this.url.href) ?? null;
  };
}

function isOurs(thrown: unknown): boolean {
  return [AnswerTooLargeError, OtherProductError, RedirectError].some((kind) => thrown instanceof kind);
}

/** Encodings that proxies may apply unasked. */
const encodings: ReadonlyMap<string, Bun.CompressionFormat> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "brotli"],
  ["zstd", "zstd"],
]);
/** Node's fetch, used in a Lambda function, always decompresses, chunk by chunk, and keeps the header. */
const fetchDecodes = !onBun;

/** Limits the decompressed size. @throws AnswerTooLargeError */
async function textWithin(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return "";
  const encoding = fetchDecodes ? "identity" : (response.headers.get("content-encoding") ?? "identity");
  const format = encodings.get(encoding.toLowerCase());
  if (format === undefined && encoding !== "identity") {
    await response.body.cancel();
    throw new Error(`its answer has the encoding ${JSON.stringify(encoding)}, which was not requested`);
  }
  const body =
    format === undefined ? response.body : response.body.pipeThrough(new DecompressionStream(format));
  // If the length is known and small enough, reading at once is faster than streaming.
  const length = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
  if (length !== null && Number(length) <= maxBytes) return response.text();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new AnswerTooLargeError(`it exceeds ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Drops the headers that fetch sets by itself. */
function plainHeaders(headers: ConnectionRequestParams["headers"]): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && name !== "content-length") plain[name] = String(value);
  }
  return plain;
}
