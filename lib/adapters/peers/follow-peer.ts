import { createEventParts } from "./event-parts.ts";
import { peerFetch, type PeerTarget, peerTrouble } from "./peer-fetch.ts";

/** An endless answer of another host. */
export interface PeerStream extends PeerTarget {
  /** Until the answer begins, and between two events. */
  readonly silenceMs: number;
  /** A longer event ends the stream. */
  readonly maxEventBytes: number;
}

/**
 * Reads server-sent events until they end. Neither size nor time is left to the other side.
 * @throws Error with the reason as a clause, or the signal's reason
 */
export async function followPeer(
  stream: PeerStream,
  onEvent: (event: string, data: string) => void,
): Promise<void> {
  const { silenceMs, maxEventBytes, signal } = stream;
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silenceMs);
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(), silenceMs);
  };
  try {
    const both = AbortSignal.any([silent.signal, signal]);
    const response = await peerFetch({ ...stream, signal: both }, "text/event-stream");
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`it answers HTTP ${response.status}`);
    }
    const decoder = new TextDecoder();
    const parts = createEventParts(maxEventBytes);
    for await (const piece of response.body ?? []) {
      heard();
      // Leaving the loop ends the connection.
      for (const part of parts.add(decoder.decode(piece, { stream: true }))) {
        const [, event, data] = /^event: ([a-z]+)\ndata: (.*)$/.exec(part) ?? [];
        if (event !== undefined && data !== undefined) onEvent(event, data);
      }
    }
    throw new Error("it ended the stream");
  } catch (error) {
    signal.throwIfAborted();
    if (silent.signal.aborted) throw new Error("it sends nothing any more", { cause: error });
    throw new Error(peerTrouble(error, stream.address), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
