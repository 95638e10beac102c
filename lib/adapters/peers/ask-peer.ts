import { rootCertificates } from "node:tls";
import { messageOf } from "../../rules/base/errors.ts";
import { linkTrouble } from "../../rules/trouble/link-trouble.ts";

/** A GET to another host of the group. */
export interface PeerRequest {
  /** An origin, as that host told the group. */
  readonly address: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** This host's own certificate in PEM: hosts of a group often share one that no public authority signed. */
  readonly ownCertificate: string | null;
  readonly timeoutMs: number;
  /** A longer answer is not read to its end. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface PeerAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Asks another host. The address may come from a stranger in the group: no redirect is followed, nothing is
 * decompressed, and neither size nor time is left to the other side.
 * @throws Error with the reason as a clause, or the signal's reason
 */
export async function askPeer(request: PeerRequest): Promise<PeerAnswer> {
  const { address, path, headers, ownCertificate, timeoutMs, maxBytes, signal } = request;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(`${address}${path}`, {
      headers: { ...headers, accept: "application/json", "accept-encoding": "identity" },
      redirect: "manual",
      decompress: false,
      signal: AbortSignal.any([limit, signal]),
      ...(ownCertificate !== null && { tls: { ca: [...rootCertificates, ownCertificate] } }),
    });
    return { status: response.status, headers: response.headers, body: await readWithin(response, maxBytes) };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) throw new Error(`it did not answer within ${timeoutMs / 1000} s`, { cause: error });
    throw new Error(reasonOf(error, address), { cause: error });
  }
}

/** Bun's own messages quote the address and advise callers of fetch. */
function reasonOf(error: unknown, address: string): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = messageOf(error);
  if (/CERT|certificate/i.test(`${code} ${message}`))
    return `its certificate cannot be verified (${code || message})`;
  return (
    linkTrouble(`${code} ${message}`, { url: address, setting: "http.tls", tls: null }) ?? (code || message)
  );
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
