import type { ProofKeyOf } from "../../../lib/adapters/peers/proof-keys.ts";
import type { HttpSettings } from "../../../lib/rules/model/settings.ts";
import { isLoopbackHostname } from "../../../lib/rules/secrets/loopback.ts";
import { isAnswerProved, isLikeProof, proofHeader } from "../../../lib/rules/secrets/peer-proof.ts";

export interface ProofDeps {
  settings(this: void): HttpSettings;
  readonly keyOf: ProofKeyOf;
  /** Random, at least 128 bits. */
  newNonce(this: void): string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How this host asks another. */
export interface OwnProof {
  readonly headers: Readonly<Record<string, string>>;
  readonly ownCertificate: string | null;
  /** Whether the header of an answer may be its proof. */
  mayProve(this: void, mac: string): boolean;
  /** Whether the other side has the same token. Without a token, only hosts of this machine are asked, and believed. */
  isProved(this: void, body: string, mac: string): boolean;
}

export const NOT_PROVED =
  "it does not prove that it has this group's token: another program may answer there";

/** @param path with its query @throws Error with the reason as a clause if the address must not be asked */
export async function proofFor(
  { settings, keyOf, newNonce, now }: ProofDeps,
  address: string,
  path: string,
): Promise<OwnProof> {
  const { token, readOnlyToken, tls } = settings();
  const ownCertificate = tls?.cert ?? null;
  if (token === null) {
    if (!isLoopback(address))
      throw new Error("without http.token hosts answer each other on a loopback address only");
    return { headers: {}, ownCertificate, mayProve: () => true, isProved: () => true };
  }
  const [key, nonce] = [await keyOf(readOnlyToken ?? token), newNonce()];
  const authorization = proofHeader(key, { audience: address, path, atMs: now(), nonce });
  return {
    headers: { authorization },
    ownCertificate,
    mayProve: isLikeProof,
    isProved: (body, mac) => isAnswerProved(key, nonce, body, mac),
  };
}

/** Whether only this machine can reach it. */
export function isLoopback(address: string): boolean {
  return isLoopbackHostname(new URL(address).hostname);
}
