import { messageOf, PenstockError } from "../../../lib/rules/errors.ts";
import type { ServerBindings } from "./event-stream.ts";
import { maxEventBytes } from "./ingest-route.ts";

export interface ServeOptions {
  /** A hono app. */
  readonly app: { fetch(request: Request, bindings: ServerBindings): Response | Promise<Response> };
  readonly hostname: string;
  /** 0: any free port. */
  readonly port: number;
  /** Stops the server when aborted. */
  readonly signal?: AbortSignal;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080/` */
  readonly url: string;
  readonly port: number;
  /** Ends open event streams, which would never end by themselves, and refuses new ones; other requests are answered. */
  endStreams(): void;
  /** Takes no new connection, waits for answers under way until the deadline, then cuts them. May be called twice. */
  stop(deadlineMs?: number): Promise<void>;
}

/**
 * Opens the port.
 *
 * @throws PenstockError `http_unavailable` where the address is in use, not ours or not allowed.
 */
export function serveHttp({ app, hostname, port, signal }: ServeOptions): HttpServer {
  signal?.throwIfAborted();
  const stopping = new AbortController();
  const server = listen({ app, hostname, port, stopping: stopping.signal });
  const endStreams = () => stopping.abort(new Error("the host is stopping"));
  const stop = async (deadlineMs = 2_000) => {
    endStreams();
    signal?.removeEventListener("abort", stopNow);
    const deadline = setTimeout(() => void server.stop(true), deadlineMs);
    try {
      await server.stop();
    } finally {
      clearTimeout(deadline);
    }
  };
  const stopNow = () => void stop(0);
  signal?.addEventListener("abort", stopNow, { once: true });
  return { url: server.url.href, port: server.port ?? port, endStreams, stop };
}

function listen({
  app,
  hostname,
  port,
  stopping,
}: Pick<ServeOptions, "app" | "hostname" | "port"> & Pick<ServerBindings, "stopping">) {
  try {
    return Bun.serve({
      hostname,
      port,
      // The app answers 413 itself, as a problem; Bun's own, without a body, is the net behind it.
      maxRequestBodySize: 2 * maxEventBytes,
      // An answer counts as idle until its first byte: a reconcile that waits for every deadline in turn takes a minute.
      idleTimeout: 120,
      fetch: (request, server) =>
        app.fetch(request, { stopping, keepOpen: () => server.timeout(request, 0) }),
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    const rule =
      code === "EADDRINUSE"
        ? "the port is in use; stop what listens there, or choose another http.port"
        : `${messageOf(cause)}; check http.hostname and http.port`;
    throw new PenstockError("http_unavailable", `Cannot listen on ${hostname}:${port}: ${rule}.`, { cause });
  }
}
