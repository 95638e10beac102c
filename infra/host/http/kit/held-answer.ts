import type { Context } from "hono";
import { messageOf } from "../../../../lib/rules/base/errors.ts";
import { bindingsOf, goneSignal } from "./event-stream.ts";
import { jsonHeaders, refuseBusy, refuseStopping } from "./problem.ts";
import type { Places } from "./semaphore.ts";

/** After this long without reading, a reader is disconnected: it holds a place that others wait for. */
const UNREAD_MS = 60_000;

type Pieces = Generator<string, void, void> | AsyncGenerator<string, void, void>;

export interface HeldAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body. The signal is aborted once nothing more will be read. */
  readonly pieces: (signal: AbortSignal) => Pieces;
  /** Called once at the end, however it comes. */
  readonly leave: () => void;
}

/**
 * Streams an answer as fast as it is read and holds its place meanwhile, also if the reader has disconnected while a
 * piece is still being made. A failure before the first piece is thrown. A later one, like the host's stop, cuts the
 * connection, so that half an answer is not taken for a whole one.
 * @throws what the first piece throws
 */
export async function answerHeld(c: Context, { headers, pieces, leave }: HeldAnswer): Promise<Response> {
  const abandoned = new AbortController();
  const gone = goneSignal(c);
  const signal = AbortSignal.any([abandoned.signal, gone]);
  // Released with the place, because it may hold a large text; the stream lives until its connection ends.
  let parts: Pieces | null = pieces(signal);
  let next: IteratorResult<string, void> | null = null;
  let underWay: Promise<unknown> | null = null;
  const advance = async (): Promise<IteratorResult<string, void>> => {
    const piece = Promise.resolve(parts?.next() ?? { done: true as const, value: undefined });
    underWay = piece;
    try {
      return await piece;
    } finally {
      underWay = null;
    }
  };
  let unread: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    clearTimeout(unread);
    [parts, next] = [null, null];
    abandoned.abort(new Error("the answer has ended"));
    if (underWay === null) leave();
    else void underWay.then(leave, leave);
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    if (c.req.method === "HEAD") {
      end();
      return c.body(null, 200, headers);
    }
    next = await advance();
    signal.throwIfAborted();
  } catch (error) {
    end();
    if (gone.aborted) return refuseStopping(c);
    throw error;
  }

  bindingsOf(c).takeTime?.();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      start: awaitReader,
      async pull(controller) {
        clearTimeout(unread);
        try {
          signal.throwIfAborted();
          const { done, value } = next ?? (await advance());
          next = null;
          signal.throwIfAborted();
          if (done === true) {
            end();
            controller.close();
          } else {
            controller.enqueue(encoder.encode(value));
            awaitReader(controller);
          }
        } catch (error) {
          if (!signal.aborted) c.get("logger")?.warn("an answer failed", { error: messageOf(error) });
          end();
          // Given a reason, Bun would print it with its stack, past the log.
          controller.error();
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return c.body(body, 200, headers);

  function awaitReader(controller: ReadableStreamDefaultController<Uint8Array>): void {
    unread = setTimeout(() => {
      end();
      controller.error();
    }, UNREAD_MS);
  }
}

/**
 * A JSON answer that holds a place from its making until it is read, or 429.
 * @param what see `refuseBusy`
 */
export function jsonInPlace(
  c: Context,
  places: Places,
  what: string,
  make: () => Promise<unknown>,
): Response | Promise<Response> {
  const leave = places.take(c.get("access"));
  if (leave === null) return refuseBusy(c, what);
  async function* pieces(): AsyncGenerator<string, void, void> {
    yield* slices(JSON.stringify(await make()));
  }
  return answerHeld(c, { headers: jsonHeaders, pieces, leave });
}

const sliceLength = 1024 * 1024;

/** A text in pieces, so that it is handed over only as fast as it is read. */
export function* slices(text: string): Generator<string, void, void> {
  for (let from = 0; from < text.length; from += sliceLength) yield text.slice(from, from + sliceLength);
}
