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

/** What the server passes to the app with each request; an app that is asked without a port gets none of it. */
export interface ServerBindings {
  /** Aborted once streams have to end: the host is stopping. */
  readonly stopping: AbortSignal;
  /** Where the connection comes from; null: it is gone. Behind a proxy, the proxy's. */
  clientAddress(): string | null;
  /** Told once the body was read: from now on the answer is waited for. */
  bodyRead(): void;
  /** Leaves this request the time of an answer that has not begun, while it goes on. */
  takeTime(): void;
  /** Takes the idle limit off this request. */
  keepOpen(): void;
}

/**
 * Queues one event, its data as JSON. Never waits and never throws.
 * @param event a name without line breaks
 * @returns false: it was not taken, because the reader is {@link outboxBytes} behind, or gone
 */
export type SendEvent = (event: string, data: unknown) => boolean;

/** How far a reader may be behind, in bytes, before the next event; that one may be of any size. */
export const outboxBytes = 256 * 1024;

/** A page takes 12 s without any event for a lost connection. */
const PING_MS = 5_000;
/** A reader that took nothing for so many pings, with something there to take, is let go. */
const PINGS_UNTAKEN = 12;

/**
 * Answers with server-sent events for as long as `run` takes. The signal is aborted when the client goes, reads nothing
 * for a minute, would not be let in any more, or the host stops; `run` is then expected to return. What it throws is logged and ends the stream.
 *
 * Beside the events sent there is a `ping` every 5 s.
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
  // Without a first byte the headers would wait for the first event.
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

/** Resolves when the signal is aborted: how a stream that others write to waits for its end. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

/** Aborted when the client goes, or the host stops: nobody waits for the answer any more. */
export function goneSignal(c: Context): AbortSignal {
  const { stopping } = bindingsOf(c);
  return AbortSignal.any([c.req.raw.signal, ...(stopping ? [stopping] : [])]);
}

export function bindingsOf(c: Context): Partial<ServerBindings> {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- serveHttp passes them, hono hands them on untyped.
  return (c.env ?? {}) as Partial<ServerBindings>;
}

/** What waits to be read. It is handed over only as fast as the connection takes it. */
interface Outbox {
  readonly stream: ReadableStream<Uint8Array>;
  /** Aborted once nobody will read any more. */
  readonly closed: AbortSignal;
  /** @returns false where there is no room, or nobody reads any more */
  put(text: string): boolean;
  /** How often this was asked since something was taken, or nothing was there to take. */
  untakenPings(): number;
  /** Lets what waits be read, then ends. */
  finish(): void;
  /** Drops what waits and ends. */
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
