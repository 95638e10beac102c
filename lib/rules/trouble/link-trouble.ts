import type { TlsSettings } from "../model/settings.ts";

/** One end of a link that failed, and what the settings say of it. */
export interface Link {
  /** An http or https URL. */
  readonly url: string;
  /** Where in the config its TLS is set, such as `etcd.tls`. */
  readonly setting: "etcd.tls" | "elasticsearch.tls";
  readonly tls: Pick<TlsSettings, "ca" | "cert"> | null;
  /** True: it answered by this scheme before, so that is not what is wrong. */
  readonly spoke?: boolean;
}

interface Trouble {
  /** Of the code and the message: Node's and OpenSSL's codes, and how Bun's fetch, node:tls and grpc-js word them. */
  readonly said: RegExp;
  readonly sentence: (link: Link) => string;
  /** What everybody's sentence holds; so the remedy is found by it again. */
  readonly mark: string;
  readonly remedy: string;
}

const TROUBLES: readonly Trouble[] = [
  {
    said: /CERT_HAS_EXPIRED|certificate has expired/i,
    sentence: () => "its certificate has expired",
    mark: "its certificate has expired",
    remedy: "renew the server's certificate; the clients find the new one by themselves",
  },
  {
    said: /CERT_NOT_YET_VALID|certificate is not yet valid/i,
    sentence: () => "its certificate is not valid yet, or a clock is wrong",
    mark: "its certificate is not valid yet",
    remedy: "set the clocks right (NTP), or wait until the certificate is valid",
  },
  {
    said: /ALTNAME_INVALID|HOSTNAME_MISMATCH|does not match certificate's altnames/i,
    sentence: ({ url }) => `its certificate does not name the host ${new URL(url).hostname}`,
    mark: "its certificate does not name",
    remedy:
      "address it by a name that its certificate has, or issue one with this host among its alternative names",
  },
  {
    said: /UNABLE_TO_(VERIFY|GET_ISSUER)|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|unable to (verify|get)( the first| (local )?issuer) certificate|self[- ]signed certificate/i,
    sentence: ({ setting, tls }) =>
      (tls?.ca ?? null) === null
        ? `its certificate is signed by an authority that this system does not know, and ${setting}.ca is not set`
        : `its certificate is signed by an authority that is not in ${setting}.ca`,
    mark: "its certificate is signed by an authority",
    remedy: "let tls.ca name the PEM file of the authority that signed the server's certificate",
  },
  {
    said: /ALERT_(BAD_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|HANDSHAKE_FAILURE)/i,
    sentence: ({ setting, tls }) =>
      (tls?.cert ?? null) === null
        ? `it wants a client certificate, and ${setting}.cert and ${setting}.key are not set`
        : `it refuses our client certificate, ${setting}.cert`,
    mark: "client certificate",
    remedy:
      "let tls.cert and tls.key name a certificate, not expired, of an authority that the server trusts",
  },
  {
    said: /FailedToOpenSocket|ERR_BORINGSSL|ERR_OSSL/i,
    sentence: ({ setting }) => `no TLS can be set up with the PEM files of ${setting}`,
    mark: "no TLS can be set up",
    remedy: "check that tls.ca, tls.cert and tls.key name PEM files, and that key and cert belong together",
  },
  {
    said: /before secure TLS connection was established|WRONG_VERSION_NUMBER/i,
    sentence: () => "it speaks no TLS on this port",
    mark: "it speaks no TLS on this port",
    remedy: "write http:// instead of https://, or correct the port",
  },
  {
    // Bun's fetch has this one word for a server without TLS and for one that wants a client certificate.
    said: /EPROTO/,
    sentence: ({ setting, tls }) =>
      `the TLS handshake failed: it speaks no TLS on this port, or ${
        (tls?.cert ?? null) === null
          ? `wants a client certificate (${setting}.cert is not set)`
          : `refuses our client certificate (${setting}.cert)`
      }`,
    mark: "the TLS handshake failed",
    remedy: "correct the scheme (http or https) and the port, or set tls.cert and tls.key",
  },
  {
    // Bun's fetch says "Unable to connect" of these, too.
    said: /EHOSTUNREACH|ENETUNREACH/,
    sentence: () => "no route leads to it (host or network unreachable)",
    mark: "no route leads to it",
    remedy: "correct its address, or the network between",
  },
  {
    said: /ETIMEDOUT/,
    sentence: () => "it does not answer at all (ETIMEDOUT)",
    mark: "it does not answer at all",
    remedy: "correct its address, or the firewall between",
  },
  {
    said: /ECONNREFUSED|Unable to connect/,
    sentence: () => "nothing listens there (ECONNREFUSED)",
    mark: "nothing listens there",
    remedy: "start it, or correct its address and port",
  },
  {
    said: /ENOTFOUND|EAI_AGAIN|Name resolution failed/i,
    sentence: ({ url }) => `the host name ${new URL(url).hostname} is not known`,
    mark: "the host name",
    remedy: "correct the host name, or the name service",
  },
  {
    said: /ECONNRESET|Failed to connect|socket hang up|closed unexpectedly/i,
    sentence: ({ url, setting, tls, spoke = false }) => {
      const closed = "it closed the connection";
      if (spoke) return closed;
      if (!url.startsWith("https:")) return `${closed}: it may want https`;
      return (tls?.cert ?? null) === null
        ? closed
        : `${closed}: it may refuse our client certificate, ${setting}.cert, or speak no TLS on this port`;
    },
    mark: "it closed the connection",
    remedy: "correct the scheme (http or https) and the port; its own log tells more",
  },
];

/**
 * What keeps a connection from coming about, as the end of a sentence about the server.
 *
 * @param said what the library threw: its code, its message, or both
 * @returns null where it is nothing known
 */
export function linkTrouble(said: string, link: Link): string | null {
  return TROUBLES.find((trouble) => trouble.said.test(said))?.sentence(link) ?? null;
}

/** What to do about a trouble that {@link linkTrouble} worded; null: it is none of those. */
export function linkRemedy(reason: string): string | null {
  return TROUBLES.find(({ mark }) => reason.includes(mark))?.remedy ?? null;
}
