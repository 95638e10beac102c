import { createPrivateKey, X509Certificate } from "node:crypto";
import { codeOf } from "../yaml/substitute.ts";
import type { Secret } from "../secrets/secret.ts";

/** The part at fault and the rule it breaks. */
export interface KeyPairFault {
  readonly of: "cert" | "key";
  readonly rule: string;
}

/**
 * Checks that a private key matches a certificate, both PEM texts. When they are rotated one after the other they briefly
 * do not match, and with some servers the handshake then hangs instead of failing.
 * @returns null if they match
 */
export function keyPairFault(cert: string, key: Secret): KeyPairFault | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (error) {
    return { of: "cert", rule: `names a file without a certificate (${codeOf(error)})` };
  }
  let privateKey: ReturnType<typeof createPrivateKey>;
  try {
    privateKey = createPrivateKey(key.reveal());
  } catch (error) {
    const rule = `names a file without a private key, or with an encrypted one (${codeOf(error)})`;
    return { of: "key", rule };
  }
  return certificate.checkPrivateKey(privateKey)
    ? null
    : { of: "key", rule: "names a private key that does not match the certificate in cert" };
}
