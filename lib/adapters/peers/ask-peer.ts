import { peerFetch, type PeerTarget, peerTrouble } from "./peer-fetch.ts";

/** A GET to another host of the group. */
export interface PeerRequest extends PeerTarget {
  readonly timeoutMs: number;
  /** A longer answer is not read to its end. */
  readonly maxBytes: number;
  /** Whether the body is worth reading; otherwise it is left empty. */
  isWanted(this: void, answer: Omit<PeerAnswer, "body">): boolean;
}

export interface PeerAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Asks another host. Neither size nor time is left to the other side.
 * @throws Error with the reason as a clause, or the signal's reason
 */
export async function askPeer(request: PeerRequest): Promise<PeerAnswer> {
  const { timeoutMs, maxBytes, signal } = request;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await peerFetch(
      { ...request, signal: AbortSignal.any([limit, signal]) },
      "application/json",
    );
    const { status, headers } = response;
    if (request.isWanted({ status, headers }))
      return { status, headers, body: await readWithin(response, maxBytes) };
    await response.body?.cancel();
    return { status, headers, body: "" };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) throw new Error(`it did not answer within ${timeoutMs / 1000} s`, { cause: error });
    throw new Error(peerTrouble(error, request.address), { cause: error });
  }
}

async function readWithin({ body }: Response, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > maxBytes) throw new Error(`its answer is over ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
