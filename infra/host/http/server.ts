import { messageOf, PenstockError } from "../../../lib/rules/errors.ts";
import { maxBodyBytes } from "./app.ts";

export interface ServeOptions {
  /** A hono app. */
  readonly app: { fetch(request: Request): Response | Promise<Response> };
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
  const server = listen({ app, hostname, port });
  const stop = async (deadlineMs = 2_000) => {
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
  return { url: server.url.href, port: server.port ?? port, stop };
}

function listen({ app, hostname, port }: Pick<ServeOptions, "app" | "hostname" | "port">) {
  try {
    return Bun.serve({
      hostname,
      port,
      // The app answers 413 itself, as a problem; Bun's own, without a body, is the net behind it.
      maxRequestBodySize: 4 * maxBodyBytes,
      // An answer counts as idle until its first byte: a reconcile that waits for every deadline in turn takes a minute.
      idleTimeout: 120,
      fetch: (request) => app.fetch(request),
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
