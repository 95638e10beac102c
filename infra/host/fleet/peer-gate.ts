import { answerMac, isProvedBy, PROOF_MS, readProofHeader } from "../../../lib/rules/secrets/peer-proof.ts";
import type { HttpSettings } from "../../../lib/rules/model/settings.ts";
import type { ProofKeyOf } from "../../../lib/adapters/peers/proof-keys.ts";

/** Another host that proved to have a token of this one. */
export interface ProvedPeer {
  /** Whether that token still counts, asked while an answer streams. */
  isCurrent(): boolean;
  /** Proves an answer to it. */
  prove(body: string): string;
}

/** Recognizes requests of other hosts. */
export interface PeerGate {
  /**
   * @param header of the request: `Authorization`
   * @param path with its query
   * @returns null if nothing is proved, or the proof is old, used, or made for another host
   */
  recognize(header: string, path: string): Promise<ProvedPeer | null>;
}

export interface PeerGateDeps {
  tokens(this: void): Pick<HttpSettings, "token" | "readOnlyToken">;
  /** The address that this host told the group. */
  readonly address: string;
  readonly keyOf: ProofKeyOf;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createPeerGate({ tokens, address, keyOf, now }: PeerGateDeps): PeerGate {
  /** Until when a nonce must not come again. Only owners of a token add to it. */
  const used = new Map<string, number>();
  const valid = () => {
    const { token, readOnlyToken } = tokens();
    return [readOnlyToken, token];
  };
  return {
    async recognize(header, path) {
      const given = readProofHeader(header);
      if (given === null || Math.abs(now() - given.atMs) > PROOF_MS) return null;
      const proof = { audience: address, path, atMs: given.atMs, nonce: given.nonce };
      for (const one of valid()) {
        if (one === null) continue;
        const key = await keyOf(one);
        if (!isProvedBy(key, proof, given.mac)) continue;
        for (const [nonce, untilMs] of used) if (untilMs < now()) used.delete(nonce);
        if (used.has(given.nonce)) return null;
        used.set(given.nonce, given.atMs + 2 * PROOF_MS);
        return {
          isCurrent: () => valid().some((now) => now?.reveal() === one.reveal()),
          prove: (body) => answerMac(key, given.nonce, body),
        };
      }
      return null;
    },
  };
}
