import { rootCertificates } from "node:tls";
import { messageOf } from "../../rules/base/errors.ts";
import { linkTrouble } from "../../rules/trouble/link-trouble.ts";

/** Where to ask another host. */
export interface PeerTarget {
  /** An origin, as that host told the group. */
  readonly address: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** This host's own certificate in PEM: hosts of a group often share one that no public authority signed. */
  readonly ownCertificate: string | null;
  readonly signal: AbortSignal;
}

/** The address may come from a stranger in the group: no redirect is followed, and nothing is decompressed. */
export function peerFetch(
  { address, path, headers, ownCertificate, signal }: PeerTarget,
  accept: string,
): Promise<Response> {
  return fetch(`${address}${path}`, {
    headers: { ...headers, accept, "accept-encoding": "identity" },
    redirect: "manual",
    decompress: false,
    signal,
    ...(ownCertificate !== null && { tls: { ca: [...rootCertificates, ownCertificate] } }),
  });
}

/** Why it failed, as a clause. Bun's own messages quote the address and advise callers of fetch. */
export function peerTrouble(error: unknown, address: string): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = messageOf(error);
  if (/CERT|certificate/i.test(`${code} ${message}`))
    return `its certificate cannot be verified (${code || message})`;
  return (
    linkTrouble(`${code} ${message}`, { url: address, setting: "http.tls", tls: null }) ?? (code || message)
  );
}
