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
  /** 0: any free port. */
  readonly port: number;
  /** Absent or null: no TLS. */
  readonly tls?: ServerTlsSettings | null;
  /** Stops the server when aborted. */
  readonly signal?: AbortSignal;
  /** Absent: as many as come. */
  readonly connections?: ConnectionWatch;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080/` */
  readonly url: string;
  readonly port: number;
  /**
   * Answers new connections with another certificate; those that are open keep the one they were opened with. The same
   * one again changes nothing.
   * @throws PenstockError `http_unavailable`: it cannot be used, and the one before still is
   */
  useTls(tls: ServerTlsSettings | null): void;
  /** Ends open event streams, which would never end by themselves, and refuses new ones; other requests are answered. */
  endStreams(): void;
  /** Takes no new connection, waits for answers under way until the deadline, then cuts them. May be called twice. */
  stop(deadlineMs?: number): Promise<void>;
}

/** Of TLS 1.2, forward secrecy and authenticated encryption alone (RFC 9325, 4.2); those of 1.3 are all like that. */
const TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";
/** A connection that says nothing between two requests. Until it has sent a whole head, Bun gives it 12 s. */
const IDLE_SECONDS = 30;
/** For a whole body, however it trickles in: 8 MB at 3.3 Mbit/s. */
const BODY_SECONDS = 20;
/** Until an answer's first byte: a reconcile that waits for every deadline in turn takes a minute. */
const ANSWER_SECONDS = 120;

/**
 * Opens the port.
 *
 * @throws PenstockError `http_unavailable` where the address is in use, not ours or not allowed.
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
  /** Those whose certificate was replaced, until their last connection ends. */
  const retired = new Set<typeof server>();
  const { href: url } = server.url;
  const boundPort = server.port ?? port;

  const useTls = (wanted: ServerTlsSettings | null): void => {
    if (sameSettings(wanted, inUse) || stopping.signal.aborted) return;
    // Bun's `reload` keeps the certificate, and two servers cannot share the port: between the two lines nobody listens.
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
  /** Those between two requests first; where that does not do, all: half a head can be sent for as long as Bun lets it. */
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
      // The app answers 413 itself, as a problem; Bun's own, without a body, is the net behind it.
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
        // What was allowed for the request would else be allowed for the silence after it, too.
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
