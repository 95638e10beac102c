import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { sameSettings } from "../../../lib/rules/plan/accept-settings.ts";
import type { ServerTlsSettings } from "../../../lib/rules/model/settings.ts";
import type { ConnectionWatch } from "./connection-watch.ts";
import type { ServerBindings } from "./kit/event-stream.ts";
import { maxEventBytes } from "../../api/ingest.ts";

export interface ServeOptions {
  /** A hono app. */
  readonly app: { fetch(request: Request, bindings: ServerBindings): Response | Promise<Response> };
  readonly hostname: string;
  /** 0 for any free port. */
  readonly port: number;
  /** No TLS if absent or null. */
  readonly tls?: ServerTlsSettings | null;
  /** Stops the server when aborted. */
  readonly signal?: AbortSignal;
  /** No limit if absent. */
  readonly connections?: ConnectionWatch;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080/` */
  readonly url: string;
  readonly port: number;
  /**
   * Uses another certificate for new connections; open ones keep theirs. The same certificate again changes nothing.
   * @throws PenstockError `http_unavailable` if it cannot be used; the previous one stays in use
   */
  useTls(tls: ServerTlsSettings | null): void;
  /** Ends open event streams, which never end by themselves, and refuses new ones. Other requests go on. */
  endStreams(): void;
  /** Accepts no new connections, waits for current answers until the deadline, then cuts them. May be called twice. */
  stop(deadlineMs?: number): Promise<void>;
}

/** For TLS 1.2, only forward secrecy with authenticated encryption (RFC 9325, 4.2). All suites of TLS 1.3 have both. */
const TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";
/** For a connection that is silent between two requests. Before a complete request head, Bun allows 12 s. */
const IDLE_SECONDS = 30;
/** For a whole body, however slowly it arrives: 8 MB at 3.3 Mbit/s. */
const BODY_SECONDS = 20;
/** Until the first byte of the answer: a reconcile that runs into every deadline takes a minute. */
const ANSWER_SECONDS = 120;

/**
 * Opens the port.
 *
 * @throws PenstockError `http_unavailable` if the address is in use, not ours or not allowed
 */
export function serveHttp({
  app,
  hostname,
  port,
  tls = null,
  signal,
  connections,
}: ServeOptions): HttpServer {
  signal?.throwIfAborted();
  const stopping = new AbortController();
  const open = (at: number, withTls: ServerTlsSettings | null) =>
    listen({ app, hostname, port: at, tls: withTls, stopping: stopping.signal });
  let server = open(port, tls);
  let inUse = tls;
  /** Servers with a replaced certificate, until their last connection ends. */
  const retired = new Set<typeof server>();
  const { href: url } = server.url;
  const boundPort = server.port ?? port;

  const useTls = (wanted: ServerTlsSettings | null): void => {
    if (sameSettings(wanted, inUse) || stopping.signal.aborted) return;
    // Bun's `reload` keeps the certificate, and two servers cannot share a port, so for a moment nothing listens.
    const old = server;
    retired.add(old);
    void old.stop().finally(() => retired.delete(old));
    try {
      server = open(boundPort, wanted);
      inUse = wanted;
    } catch (error) {
      server = open(boundPort, inUse);
      throw error;
    }
  };
  let isClosed = false;
  const openAgain = (onClosed: ConnectionWatch["onClosed"]): void => {
    try {
      server = open(boundPort, inUse);
      isClosed = false;
    } catch (error) {
      isClosed = true;
      onClosed(error);
    }
  };
  /** Closes idle connections first. If that is not enough, closes all: a half-sent head does not count as idle. */
  const boundConnections = ({ most, count, onCut, onClosed }: ConnectionWatch): void => {
    if (isClosed) openAgain(onClosed);
    if (count(boundPort) <= most) return;
    const all = [server, ...retired];
    for (const each of all) each.closeIdleConnections();
    const left = count(boundPort);
    if (left <= most) return;
    for (const each of all) void each.stop(true);
    onCut(left);
    openAgain(onClosed);
  };
  const watch = connections && setInterval(() => boundConnections(connections), connections.everyMs);
  watch?.unref();
  const endStreams = () => stopping.abort(new Error("the host is stopping"));
  const stop = async (deadlineMs = 2_000) => {
    endStreams();
    clearInterval(watch);
    signal?.removeEventListener("abort", stopNow);
    const all = [server, ...retired];
    const deadline = setTimeout(() => all.forEach((each) => void each.stop(true)), deadlineMs);
    try {
      await Promise.all(all.map((each) => each.stop()));
    } finally {
      clearTimeout(deadline);
    }
  };
  const stopNow = () => void stop(0);
  signal?.addEventListener("abort", stopNow, { once: true });
  return { url, port: boundPort, useTls, endStreams, stop };
}

function listen({
  app,
  hostname,
  port,
  tls,
  stopping,
}: Pick<ServeOptions, "app" | "hostname" | "port"> &
  Pick<ServerBindings, "stopping"> & { readonly tls: ServerTlsSettings | null }) {
  try {
    return Bun.serve({
      hostname,
      port,
      ...(tls !== null && { tls: { cert: tls.cert, key: tls.key.reveal(), ciphers: TLS12_CIPHERS } }),
      // The app answers 413 as a problem. Bun's own 413, without a body, is only the safety net.
      maxRequestBodySize: 2 * maxEventBytes,
      idleTimeout: IDLE_SECONDS,
      async fetch(request, server) {
        let kept = false;
        server.timeout(request, hasBody(request) ? BODY_SECONDS : ANSWER_SECONDS);
        const answer = await app.fetch(request, {
          stopping,
          clientAddress: () => server.requestIP(request)?.address ?? null,
          bodyRead: () => server.timeout(request, ANSWER_SECONDS),
          takeTime() {
            kept = true;
            server.timeout(request, ANSWER_SECONDS);
          },
          keepOpen() {
            kept = true;
            server.timeout(request, 0);
          },
        });
        // Otherwise the request's time limit would also apply to the silence after it.
        if (!kept) server.timeout(request, IDLE_SECONDS);
        return answer;
      },
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    const rule =
      code === "EADDRINUSE"
        ? "the port is in use; stop what listens there, or choose another http.port"
        : `${messageOf(cause)}; check http.hostname, http.port${tls === null ? "" : " and http.tls"}`;
    throw new PenstockError("http_unavailable", `Cannot listen on ${hostname}:${port}: ${rule}.`, { cause });
  }
}

function hasBody({ headers }: Request): boolean {
  return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
}
