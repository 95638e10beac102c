import {
  type BaseConnection,
  type BaseConnectionPool,
  Client,
  type ClientOptions,
  errors,
} from "@elastic/elasticsearch";
import type { TransportRequestOptions, TransportRequestParams } from "@elastic/transport";
import { parseServerError, type RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { isObject } from "../../../rules/json/object.ts";
import { isNodeFault } from "../../../rules/trouble/node-trouble.ts";
import { createRedaction } from "../../../rules/secrets/redaction.ts";
import { secretsOf } from "../../../rules/secrets/secret.ts";
import type { ElasticsearchSettings } from "../../../rules/model/settings.ts";
import { AnswerSerializer } from "./answer-serializer.ts";
import { askNodes } from "./ask-nodes.ts";
import {
  productHeader,
  AnswerTooLargeError,
  connectionThrough,
  FetchConnection,
  OtherProductError,
  RedirectError,
} from "./fetch-connection.ts";
import { NodePool, type RequestContext } from "./node-pool.ts";

export interface ElasticsearchRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly querystring?: Readonly<Record<string, string>>;
  /** Sent unchanged. */
  readonly body?: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** A longer answer fails with `answer_too_large`. */
  readonly maxAnswerBytes: number;
  /**
   * When to ask further nodes, up to all of them: after a failure, or also after a moment of silence. Absent: never.
   * The first usable answer counts, so the request must be safe to run twice.
   */
  readonly otherNodes?: "on failure" | "on silence";
}

export interface ExchangeRequest extends Omit<ElasticsearchRequest, "querystring" | "otherNodes"> {
  /** The query string, already encoded. */
  readonly query: string;
}

/** The parsed body of a 2xx answer, or the failure. */
export type ElasticsearchAnswer = { readonly body: unknown } | { readonly failure: RequestFailure };

/** Sends a search in the cluster's API version, with a deadline. */
export type SendSearch = (
  path: string,
  querystring: Readonly<Record<string, string>>,
  body: object | null,
) => Promise<ElasticsearchAnswer>;

/** The text of a 2xx answer, null if it is longer than allowed, or the failure. */
export type ElasticsearchText = { readonly text: string | null } | { readonly failure: RequestFailure };

export interface Transport {
  /** Takes at most `timeoutMs`, body included. Throws only the signal's reason. */
  send(request: ElasticsearchRequest, signal: AbortSignal): Promise<ElasticsearchAnswer>;
  /**
   * Like `send`, but to a single node and on the hot path: uses only the client's pool and connections, because its
   * other steps cost more than the request. Header names must be in lower case.
   */
  exchange(request: ExchangeRequest, signal: AbortSignal): Promise<ElasticsearchAnswer>;
  /** Like `send`, but returns the answer's text. */
  sendForText(request: ElasticsearchRequest, signal: AbortSignal): Promise<ElasticsearchText>;
  close(): Promise<void>;
}

/**
 * Sends requests through the official client. Failures are values, never exceptions; the only state is the client's
 * node pool. The client's errors carry the whole request, log lines included, so none of them may leave this file.
 *
 * - `maxRetries: 0`: the client would retry at once, without a pause; Penstock retries itself.
 * - `requestTimeout` rather than a signal: only the timeout marks a silent node as failed.
 */
export function createTransport(settings: ElasticsearchSettings): Transport {
  const client = new Client(clientOptions(settings));
  // A proxy may quote the request in its answer, including the Authorization header.
  const hide = createRedaction(secretsOf(settings));
  const send = <T extends object>(
    request: ElasticsearchRequest,
    signal: AbortSignal,
    ask: (params: TransportRequestParams, options: TransportRequestOptions) => Promise<T>,
  ): Promise<T | { readonly failure: RequestFailure }> => {
    const { timeoutMs, otherNodes } = request;
    const context: RequestContext = { asked: new Set() };
    return askNodes(
      (limit, until) => attempt(hide, { ...request, timeoutMs: limit }, context, until, ask),
      { nodes: otherNodes === undefined ? 1 : settings.nodes.length, timeoutMs, otherNodes },
      signal,
    );
  };
  return {
    send: (request, signal) =>
      send(request, signal, async (params, options) => ({
        body: await client.transport.request(params, options),
      })),
    async exchange(request, signal) {
      signal.throwIfAborted();
      const answer = await exchange(client.connectionPool, request, signal);
      signal.throwIfAborted();
      return "failure" in answer ? { failure: withoutSecrets(answer.failure, hide) } : answer;
    },
    sendForText: (request, signal) =>
      send<ElasticsearchText>(request, signal, (params, options) => textOf(client, params, options)),
    close: () => client.close(),
  };
}

function clientOptions(settings: ElasticsearchSettings): ClientOptions {
  const { nodes, auth, tls, proxies } = settings;
  const options: ClientOptions = {
    nodes: [...nodes],
    Connection: connectionThrough(proxies),
    ConnectionPool: NodePool,
    Serializer: AnswerSerializer,
    // Redaction copies a failed request's body into an object byte by byte: seconds or minutes for a bulk.
    redaction: { type: "off" },
    maxRetries: 0,
    sniffOnStart: false,
    sniffInterval: false,
    sniffOnConnectionFault: false,
  };
  if (auth !== null) {
    options.auth =
      auth.kind === "apiKey"
        ? { apiKey: auth.apiKey.reveal() }
        : { username: auth.username, password: auth.password.reveal() };
  }
  if (tls !== null) {
    const pems = { ...tls, key: tls.key?.reveal() ?? null };
    options.tls = Object.fromEntries(Object.entries(pems).filter(([, pem]) => pem !== null));
  }
  return options;
}

const serializer = new AnswerSerializer();
const anyNode = { requestId: "", name: "", context: null, now: 0 };

/** The minimum of what the client's transport does: send, and report to the pool whether the node worked. */
async function exchange(
  pool: BaseConnectionPool,
  request: ExchangeRequest,
  signal: AbortSignal,
): Promise<ElasticsearchAnswer> {
  const { method, path, query: querystring, body = "", headers, timeoutMs, maxAnswerBytes } = request;
  const limits = { timeout: timeoutMs, maxResponseSize: maxAnswerBytes, signal };
  let connection: BaseConnection | null = null;
  try {
    connection = pool.getConnection(anyNode);
    if (!(connection instanceof FetchConnection)) throw new Error("the connection is not of our own kind");
    const answer = await connection.ask({ method, path, querystring, headers, body }, limits);
    const { statusCode } = answer;
    if (isNodeFault(statusCode)) pool.markDead(connection);
    else pool.markAlive(connection);
    if (statusCode >= 400) return { failure: refusalOf(statusCode, parsedOrNull(answer.body)) };
    return { body: serializer.deserialize(answer.body) };
  } catch (thrown) {
    const isSilent = thrown instanceof errors.TimeoutError || thrown instanceof errors.ConnectionError;
    if (connection !== null && isSilent) pool.markDead(connection);
    return { failure: failureOf(thrown, request) };
  }
}

async function textOf(
  client: Client,
  params: TransportRequestParams,
  options: TransportRequestOptions,
): Promise<ElasticsearchText> {
  try {
    // With `asStream` the client returns the connection's body unparsed; our connection always returns text.
    const answer = await client.transport.request(params, { ...options, asStream: true, meta: true });
    const text = String(answer.body);
    if (answer.statusCode < 400) return { text };
    return { failure: refusalOf(answer.statusCode, parsedOrNull(text)) };
  } catch (thrown) {
    if (thrown instanceof Error && thrown.cause instanceof AnswerTooLargeError) return { text: null };
    throw thrown;
  }
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page; its status says enough.
    return null;
  }
}

function refusalOf(status: number, body: unknown): RequestFailure {
  return { kind: "response", status, error: parseServerError(isObject(body) ? body["error"] : null) };
}

async function attempt<T extends object>(
  hide: (text: string) => string,
  request: ElasticsearchRequest,
  context: RequestContext,
  signal: AbortSignal,
  ask: (params: TransportRequestParams, options: TransportRequestOptions) => Promise<T>,
): Promise<T | { readonly failure: RequestFailure }> {
  try {
    const { method, path, querystring, body, headers, timeoutMs, maxAnswerBytes } = request;
    const answer = await ask(
      { method, path, ...(querystring && { querystring }), ...(body !== undefined && { body }) },
      {
        headers: { ...headers },
        signal,
        requestTimeout: timeoutMs,
        maxResponseSize: maxAnswerBytes,
        context: { ...context },
      },
    );
    return isFailure(answer) ? { failure: withoutSecrets(answer.failure, hide) } : answer;
  } catch (thrown) {
    return { failure: withoutSecrets(failureOf(thrown, request), hide) };
  }
}

function isFailure(answer: object): answer is { readonly failure: RequestFailure } {
  return "failure" in answer;
}

function withoutSecrets(failure: RequestFailure, hide: (text: string) => string): RequestFailure {
  if (failure.kind !== "response") return { ...failure, message: hide(failure.message) };
  const { error } = failure;
  return error === null
    ? failure
    : { ...failure, error: { ...error, type: hide(error.type), reason: hide(error.reason) } };
}

export const neededVersions = "Elasticsearch 8 or 9 is needed";

/** Names the product behind an answer to `GET /` or `GET /_nodes` that lacks the product header. */
function productIn(body: unknown): string {
  const version = isObject(body) && isObject(body["version"]) ? body["version"] : {};
  const nodes = isObject(body) && isObject(body["nodes"]) ? Object.values(body["nodes"]) : [];
  const [node] = nodes;
  const number = version["number"] ?? (isObject(node) ? node["version"] : null);
  if (version["distribution"] === "opensearch")
    return `OpenSearch ${typeof number === "string" ? number : ""}`.trim();
  const lacking = `without the header ${productHeader}`;
  if (typeof number !== "string") return `another product, ${lacking}`;
  // Elasticsearch sends the header since 7.14.
  return /^[89]\./.test(number)
    ? `version ${number} ${lacking}, which a proxy must not remove`
    : `another product, which reports version ${number}, ${lacking}`;
}

/** Converts the client's errors by class. Their messages may quote a body, so only known ones are passed on. */
function failureOf(
  thrown: unknown,
  { method, path }: Pick<ElasticsearchRequest, "method" | "path">,
): RequestFailure {
  if (thrown instanceof errors.ResponseError) {
    return refusalOf(thrown.meta.statusCode ?? 0, thrown.body);
  }
  if (thrown instanceof errors.DeserializationError) {
    return { kind: "bad_answer", message: "Elasticsearch's answer is not valid JSON" };
  }
  // The client wraps what its connection threw.
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  if (cause instanceof OtherProductError) {
    const product = productIn(parsedOrNull(cause.body));
    const message = `${neededVersions}, but the answer${cause.via} comes from ${product}`;
    return { kind: "bad_answer", message };
  }
  if (cause instanceof RedirectError) return { kind: "bad_answer", message: cause.message };
  if (cause instanceof AnswerTooLargeError) {
    const message = `the answer to ${method} ${path.slice(0, 200)} was discarded: ${cause.message}`;
    return { kind: "answer_too_large", message };
  }
  if (thrown instanceof errors.TimeoutError) return { kind: "timeout", message: thrown.message };
  if (thrown instanceof errors.ConnectionError) return { kind: "connection", message: thrown.message };
  // For example the client's own message about an invalid PEM file.
  const detail = thrown instanceof Error ? `: ${thrown.message.slice(0, 200)}` : "";
  return { kind: "connection", message: `the connection to Elasticsearch failed${detail}` };
}
