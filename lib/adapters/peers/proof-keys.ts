import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../../rules/secrets/secret.ts";
import { fingerprintOf } from "../../rules/secrets/fingerprint.ts";

/** Makes the key for proofs from a token. */
export type ProofKeyOf = (token: Secret) => Promise<Buffer>;

const derive = promisify<string, string, number, Buffer>(scrypt);
const KEY_BYTES = 32;
/** The two tokens in force, and two that were just replaced. */
const KEPT = 4;

/**
 * A proof may come into the hands of a stranger, who can then try tokens without asking anybody. So each try is made to
 * cost some 50 ms and 16 MiB (scrypt's defaults). It is computed off the main thread, once for each token.
 */
export function createProofKeys(): ProofKeyOf {
  const keys = new Map<string, Promise<Buffer>>();
  return (token) => {
    const name = fingerprintOf(token);
    const known = keys.get(name);
    if (known !== undefined) return known;
    const key = derive(token.reveal(), "penstock proof 1", KEY_BYTES);
    keys.set(name, key);
    const [oldest] = keys.keys();
    if (keys.size > KEPT && oldest !== undefined) keys.delete(oldest);
    return key;
  };
}
