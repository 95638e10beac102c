import { createPrivateKey, X509Certificate } from "node:crypto";
import { codeOf } from "../yaml/substitute.ts";
import type { Secret } from "../secrets/secret.ts";

/** Which of the two is at fault, and what rule it breaks. */
export interface KeyPairFault {
  readonly of: "cert" | "key";
  readonly rule: string;
}

/**
 * Whether a private key belongs to a certificate, both PEM texts. Rotated one after the other they do not for a moment, and
 * what a server makes of that differs: a handshake that fails, or hangs.
 * @returns null: it does
 */
export function keyPairFault(cert: string, key: Secret): KeyPairFault | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (error) {
    return { of: "cert", rule: `names a file that holds no certificate (${codeOf(error)})` };
  }
  let privateKey: ReturnType<typeof createPrivateKey>;
  try {
    privateKey = createPrivateKey(key.reveal());
  } catch (error) {
    const rule = `names a file that holds no private key, or an encrypted one (${codeOf(error)})`;
    return { of: "key", rule };
  }
  return certificate.checkPrivateKey(privateKey)
    ? null
    : { of: "key", rule: "names a private key that does not belong to the certificate beside it" };
}
