import type { TlsSettings } from "../model/settings.ts";

/** The server of a failed connection, and its settings. */
export interface Link {
  /** An http or https URL. */
  readonly url: string;
  /** The config section of its TLS settings. */
  readonly setting: "etcd.tls" | "elasticsearch.tls" | "kafka.sasl.tls" | "http.tls";
  readonly tls: Pick<TlsSettings, "ca" | "cert"> | null;
  /** True if it has responded over this scheme before, which is therefore correct. */
  readonly spoke?: boolean;
}

interface Trouble {
  /** Matches the codes of Node and OpenSSL, and the messages of Bun's fetch, node:tls and grpc-js. */
  readonly said: RegExp;
  readonly sentence: (link: Link) => string;
  /** Part of each form of the sentence, by which `linkRemedy` finds it. */
  readonly mark: string;
  readonly remedy: string;
}

const TROUBLES: readonly Trouble[] = [
  {
    said: /CERT_HAS_EXPIRED|certificate has expired/i,
    sentence: () => "its certificate has expired",
    mark: "its certificate has expired",
    remedy: "renew the server's certificate; clients pick it up by themselves",
  },
  {
    said: /CERT_NOT_YET_VALID|certificate is not yet valid/i,
    sentence: () => "its certificate is not valid yet, or a clock is wrong",
    mark: "its certificate is not valid yet",
    remedy: "synchronize the clocks (NTP), or wait until the certificate is valid",
  },
  {
    said: /ALTNAME_INVALID|HOSTNAME_MISMATCH|does not match certificate's altnames/i,
    sentence: ({ url }) => `its certificate does not name the host ${new URL(url).hostname}`,
    mark: "its certificate does not name",
    remedy: "use a name from its certificate, or issue one with this host among its alternative names",
  },
  {
    said: /UNABLE_TO_(VERIFY|GET_ISSUER)|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|unable to (verify|get)( the first| (local )?issuer) certificate|self[- ]signed certificate/i,
    sentence: ({ setting, tls }) =>
      (tls?.ca ?? null) === null
        ? `its certificate is signed by an authority that this system does not trust, and ${setting}.ca is not set`
        : `its certificate is signed by an authority that is not in ${setting}.ca`,
    mark: "its certificate is signed by an authority",
    remedy: "set tls.ca to the PEM file of the authority that signed the server's certificate",
  },
  {
    said: /ALERT_(BAD_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|HANDSHAKE_FAILURE)/i,
    sentence: ({ setting, tls }) =>
      (tls?.cert ?? null) === null
        ? `it requires a client certificate, but ${setting}.cert and ${setting}.key are not set`
        : `it refuses our client certificate, ${setting}.cert`,
    mark: "client certificate",
    remedy: "set tls.cert and tls.key to a valid certificate from an authority that the server trusts",
  },
  {
    said: /FailedToOpenSocket|ERR_BORINGSSL|ERR_OSSL/i,
    sentence: ({ setting }) => `TLS cannot be set up with the PEM files of ${setting}`,
    mark: "TLS cannot be set up",
    remedy: "check that tls.ca, tls.cert and tls.key name PEM files, and that key and cert match",
  },
  {
    said: /before secure TLS connection was established|WRONG_VERSION_NUMBER/i,
    sentence: () => "it does not speak TLS on this port",
    mark: "it does not speak TLS on this port",
    remedy: "write http:// instead of https://, or correct the port",
  },
  {
    // Bun's fetch uses this code both for a server without TLS and for one that requires a client certificate.
    said: /EPROTO/,
    sentence: ({ setting, tls }) =>
      `the TLS handshake failed: it does not speak TLS on this port, or ${
        (tls?.cert ?? null) === null
          ? `requires a client certificate (${setting}.cert is not set)`
          : `refuses our client certificate (${setting}.cert)`
      }`,
    mark: "the TLS handshake failed",
    remedy: "correct the scheme (http or https) and the port, or set tls.cert and tls.key",
  },
  {
    // Before ECONNREFUSED, because Bun's fetch says "Unable to connect" for these too.
    said: /EHOSTUNREACH|ENETUNREACH/,
    sentence: () => "no route to it (host or network unreachable)",
    mark: "no route to it",
    remedy: "correct its address or the network in between",
  },
  {
    said: /ETIMEDOUT/,
    sentence: () => "it does not answer at all (ETIMEDOUT)",
    mark: "it does not answer at all",
    remedy: "correct its address or the firewall in between",
  },
  {
    said: /ECONNREFUSED|Unable to connect/,
    sentence: () => "nothing listens there (ECONNREFUSED)",
    mark: "nothing listens there",
    remedy: "start it, or correct its address and port",
  },
  {
    said: /ENOTFOUND|EAI_AGAIN|Name resolution failed/i,
    sentence: ({ url }) => `the host name ${new URL(url).hostname} cannot be resolved`,
    mark: "the host name",
    remedy: "correct the host name or fix DNS",
  },
  {
    said: /ECONNRESET|Failed to connect|socket hang up|closed unexpectedly/i,
    sentence: ({ url, setting, tls, spoke = false }) => {
      const closed = "it closed the connection";
      if (spoke) return closed;
      if (!url.startsWith("https:")) return `${closed}: it may require https`;
      return (tls?.cert ?? null) === null
        ? closed
        : `${closed}: it may refuse our client certificate, ${setting}.cert, or not speak TLS on this port`;
    },
    mark: "it closed the connection",
    remedy: "correct the scheme (http or https) and the port; see the server's log",
  },
];

/**
 * Why connecting failed, as the end of a sentence about the server.
 *
 * @param said the library's error: its code, its message, or both
 * @returns null if unknown
 */
export function linkTrouble(said: string, link: Link): string | null {
  return TROUBLES.find((trouble) => trouble.said.test(said))?.sentence(link) ?? null;
}

/** The remedy for a sentence of {@link linkTrouble}; null for any other text. */
export function linkRemedy(reason: string): string | null {
  return TROUBLES.find(({ mark }) => reason.includes(mark))?.remedy ?? null;
}
