import type { Context } from "hono";
import { messageOf } from "../../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../../lib/rules/base/logger.ts";
import { refuseStopping } from "./problem.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** Set by the app for every request. */
    logger: Logger;
  }
}

/** What the server passes to the app with each request. All absent if the app runs without a port. */
export interface ServerBindings {
  /** Aborted when the host stops and streams must end. */
  readonly stopping: AbortSignal;
  /** The peer's address; null if it has disconnected. Behind a proxy, the proxy's. */
  clientAddress(): string | null;
  /** To be called once the body is read: from then on the limit for answers applies. */
  bodyRead(): void;
  /** Keeps the time limit of an answer that has not begun, while it is streamed. */
  takeTime(): void;
  /** Removes the idle limit of this request. */
  keepOpen(): void;
}

/**
 * Queues one event with its data as JSON. Never waits and never throws.
 * @param event a name without line breaks
 * @returns false if the reader is {@link outboxBytes} behind or has disconnected
 */
export type SendEvent = (event: string, data: unknown) => boolean;

/** How many bytes a reader may be behind before the next event, which may have any size. */
export const outboxBytes = 256 * 1024;

/** After 12 s without an event, a page considers the connection lost. */
const PING_MS = 5_000;
/** A reader that takes nothing for this many pings, although something waits, is disconnected. */
const PINGS_UNTAKEN = 12;

/**
 * Answers with server-sent events until `run` returns. The signal is aborted when the client disconnects, reads nothing
 * for a minute or loses its access, or when the host stops; `run` must then return. Its errors are logged and end the
 * stream. A `ping` is sent every 5 s besides.
 */
export function eventStream(
  c: Context,
  run: (send: SendEvent, signal: AbortSignal) => Promise<void>,
): Response {
  const { stopping, keepOpen } = bindingsOf(c);
  if (stopping?.aborted) return refuseStopping(c);
  const headers = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };
  if (c.req.method === "HEAD") return c.body(null, 200, headers);

  keepOpen?.();
  const outbox = createOutbox();
  const life = AbortSignal.any([outbox.closed, goneSignal(c)]);
  const send: SendEvent = (event, data) => outbox.put(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const close = (): void => outbox.close();
  life.addEventListener("abort", close, { once: true });
  const pings = setInterval(() => {
    const isAllowed = c.get("isStillAllowed")?.() ?? true;
    if (!isAllowed || outbox.untakenPings() >= PINGS_UNTAKEN) outbox.close();
    else send("ping", {});
  }, PING_MS);
  // The headers would wait for the first event otherwise.
  outbox.put(":\n\n");
  void (async () => {
    try {
      if (!life.aborted) await run(send, life);
    } catch (error) {
      if (!life.aborted)
        c.get("logger")?.error("an event stream failed", { path: c.req.path, error: messageOf(error) });
    } finally {
      clearInterval(pings);
      life.removeEventListener("abort", close);
      outbox.finish();
    }
  })();
  return c.body(outbox.stream, 200, headers);
}

/** Resolves when the signal is aborted: how a stream waits for its end while others write to it. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

/** Aborted when the client disconnects or the host stops. */
export function goneSignal(c: Context): AbortSignal {
  const { stopping } = bindingsOf(c);
  return AbortSignal.any([c.req.raw.signal, ...(stopping ? [stopping] : [])]);
}

export function bindingsOf(c: Context): Partial<ServerBindings> {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- serveHttp passes them, hono hands them on untyped.
  return (c.env ?? {}) as Partial<ServerBindings>;
}

/** Events that wait to be read, handed over only as fast as the connection takes them. */
interface Outbox {
  readonly stream: ReadableStream<Uint8Array>;
  /** Aborted once nothing will be read any more. */
  readonly closed: AbortSignal;
  /** @returns false if there is no room, or the stream has ended */
  put(text: string): boolean;
  /** How often this was called since something was taken, or nothing waited. */
  untakenPings(): number;
  /** Ends after everything that waits is read. */
  finish(): void;
  /** Drops everything that waits, and ends. */
  close(): void;
}

function createOutbox(): Outbox {
  const encoder = new TextEncoder();
  const closed = new AbortController();
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let ended = false;
  let untaken = 0;
  let cancelled = false;
  let changed = Promise.withResolvers<void>();

  const wake = (): void => {
    const { resolve } = changed;
    changed = Promise.withResolvers<void>();
    resolve();
  };
  const close = (): void => {
    waiting = [];
    waitingBytes = 0;
    ended = true;
    closed.abort(new Error("the stream has ended"));
    wake();
  };

  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (waiting.length === 0 && !ended) await changed.promise;
        if (cancelled) return;
        if (waiting.length > 0) controller.enqueue(Buffer.concat(waiting));
        else controller.close();
        waiting = [];
        waitingBytes = 0;
        untaken = 0;
      },
      cancel() {
        cancelled = true;
        close();
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    closed: closed.signal,
    put(text) {
      if (ended) return false;
      const bytes = encoder.encode(text);
      if (waitingBytes >= outboxBytes) return false;
      waiting.push(bytes);
      waitingBytes += bytes.length;
      wake();
      return true;
    },
    untakenPings() {
      untaken = waiting.length === 0 ? 0 : untaken + 1;
      return untaken;
    },
    finish() {
      ended = true;
      wake();
    },
    close,
  };
}
