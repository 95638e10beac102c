import {
  BaseConnection,
  type ConnectionRequestParams,
  type ConnectionRequestResponse,
  errors,
} from "@elastic/elasticsearch";

interface RequestOptions {
  readonly signal?: AbortSignal;
}

/**
 * A connection of the official client on Bun's fetch. The client's own do not do: the default one needs undici, which
 * Bun only imitates, and `HttpConnection` reports a lost connection where a server answers 413 and closes before it has
 * read the whole body (Elasticsearch does, and so does nginx), and lets go of its signal once the headers are there.
 *
 * Answers within the signal's time, body included. Honours `HTTP_PROXY` and `NO_PROXY`, as fetch does.
 */
export class FetchConnection extends BaseConnection {
  // The base class declares overloads, one of which answers with a stream; Penstock never asks for one.
  override async request(params: ConnectionRequestParams, options: RequestOptions): Promise<never>;
  override async request(
    params: ConnectionRequestParams,
    options: RequestOptions,
  ): Promise<ConnectionRequestResponse> {
    const { body } = params;
    const search = params.querystring ? `?${params.querystring}` : "";
    const basePath = this.url.pathname.replace(/\/$/, "");
    this._openRequests += 1;
    try {
      const response = await fetch(`${this.url.origin}${basePath}${params.path}${search}`, {
        method: params.method,
        headers: plainHeaders({ ...this.headers, ...params.headers, "accept-encoding": "identity" }),
        redirect: "manual",
        ...(typeof body === "string" || Buffer.isBuffer(body) ? { body } : {}),
        ...(options.signal && { signal: options.signal }),
        ...(this.tls && { tls: this.tls }),
      });
      return {
        body: await response.text(),
        headers: Object.fromEntries(response.headers),
        statusCode: response.status,
      };
    } catch (thrown) {
      if (options.signal?.aborted) throw new errors.RequestAbortedError("Request aborted");
      throw new errors.ConnectionError(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      this._openRequests -= 1;
    }
  }

  /** Nothing is held: sockets belong to fetch, and the requests under way have signals. */
  override async close(): Promise<void> {}
}

/** Without those that fetch sets by itself. */
function plainHeaders(headers: ConnectionRequestParams["headers"]): Headers {
  const plain = new Headers();
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value !== undefined && name !== "content-length") plain.set(name, String(value));
  }
  return plain;
}
