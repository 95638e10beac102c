import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";
import { abortable } from "../../rules/base/abortable.ts";
import type { CertificateFacts } from "../../rules/trouble/broker-trouble.ts";

/** The first certificate of a PEM text. @returns null where there is none that can be read */
export function certificateFacts(pem: string): CertificateFacts | null {
  try {
    return factsOf(new X509Certificate(pem));
  } catch {
    return null;
  }
}

/**
 * Looks at the certificate that a server shows, whoever it is; for an error message only. Nothing is sent to it but the
 * handshake, which is broken off then.
 * @returns null where it shows none in time
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
    // It was found wanting already, and to say how is what this is for.
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
    // What has no alternative names was once told by its common name.
    names: names ?? [subject],
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
  };
}

function commonName(distinguishedName: string): string {
  return /^CN=(.*)$/m.exec(distinguishedName)?.[1] ?? distinguishedName.replaceAll("\n", ", ");
}
