import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";
import { abortable } from "../../rules/base/abortable.ts";
import type { CertificateFacts } from "../../rules/trouble/broker-trouble.ts";

/** Parses the first certificate of a PEM text. @returns null if none can be parsed */
export function certificateFacts(pem: string): CertificateFacts | null {
  try {
    return factsOf(new X509Certificate(pem));
  } catch {
    return null;
  }
}

/**
 * Fetches the certificate a server presents, without verifying it; for error messages only. Sends nothing but the
 * handshake, then disconnects.
 * @returns null if none arrives in time
 */
export async function shownCertificate(
  address: string,
  signal: AbortSignal,
): Promise<CertificateFacts | null> {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  const shown = Promise.withResolvers<CertificateFacts | null>();
  const socket = connect({
    host,
    port: Number(address.slice(at + 1)),
    ...(isIP(host) === 0 && { servername: host }),
    // Verification already failed; this is to explain why.
    rejectUnauthorized: false,
  });
  socket.once("secureConnect", () => {
    const { raw } = socket.getPeerCertificate();
    shown.resolve(raw === undefined ? null : factsOf(new X509Certificate(raw)));
  });
  socket.on("error", () => shown.resolve(null));
  socket.once("close", () => shown.resolve(null));
  try {
    return await abortable(shown.promise, signal);
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const names = certificate.subjectAltName
    ?.split(", ")
    .map((name) => name.replace(/^(DNS|IP Address|IP):/, ""));
  const subject = commonName(certificate.subject);
  return {
    subject,
    issuer: commonName(certificate.issuer),
    // Old certificates without alternative names carry the host in their common name.
    names: names ?? [subject],
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
  };
}

function commonName(distinguishedName: string): string {
  return /^CN=(.*)$/m.exec(distinguishedName)?.[1] ?? distinguishedName.replaceAll("\n", ", ");
}
