import type { KafkaSettings } from "../model/settings.ts";

/** A failed connection to one broker, with a code of Node, OpenSSL or the patched kafkajs. */
export interface BrokerFailure {
  /** `host:port` */
  readonly address: string;
  readonly code: string;
  /** True if the broker serves other connections of this host. */
  readonly servesOthers: boolean;
}

/** The facts of a certificate that matter most for diagnosis. */
export interface CertificateFacts {
  /** Its common name, and that of its issuer. */
  readonly subject: string;
  readonly issuer: string;
  /** The DNS names and IP addresses it is valid for. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly validFromMs: number;
  readonly validToMs: number;
}

export interface BrokerFacts {
  /** The broker's; null if unknown. */
  readonly server: CertificateFacts | null;
  /** Ours; null if there is none or it is unreadable. */
  readonly own: CertificateFacts | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** We reject the broker's certificate. */
const CERTIFICATE_CODES = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;
/** The broker rejects our certificate or the lack of one, for which TLS 1.3 has a separate code. */
const OWN_CERTIFICATE_CODES =
  /^ERR_SSL_.*ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

/** Whether inspecting the broker's certificate helps. */
export function isAboutCertificate({ code }: BrokerFailure): boolean {
  return CERTIFICATE_CODES.test(code);
}

/**
 * Explains in one sentence why a broker does not fit `kafka.ssl` or `kafka.sasl`.
 * @returns null if the failure is about neither, but about the network or a missing broker
 */
export function brokerTrouble(
  failure: BrokerFailure,
  { tls, sasl }: Pick<KafkaSettings, "tls" | "sasl">,
  facts: BrokerFacts,
): string | null {
  const { address, code } = failure;
  const kafka = `Kafka at ${address}`;
  const ownAuthorities = typeof tls?.ca === "string";
  if (isAboutCertificate(failure)) return certificateTrouble(failure, ownAuthorities, facts);
  if (OWN_CERTIFICATE_CODES.test(code)) return ownCertificateTrouble(kafka, code, facts);
  switch (code) {
    case "KAFKA_WANTS_TLS":
      return `${kafka} requires TLS, but kafka.ssl is not set`;
    case "NOT_KAFKA":
      return `the server at ${address} is not Kafka`;
    case "CLOSED_IN_HANDSHAKE":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return `${kafka} does not speak TLS on this port: it closed the connection in the handshake, but kafka.ssl is set`;
    case "CLOSED_UNSERVED":
    case "CLOSED_UNANSWERED":
      return closedTrouble(failure, sasl === null);
    default:
      return code.startsWith("ERR_SSL_") || code.startsWith("ERR_OSSL_")
        ? `TLS with ${kafka} failed: ${code
            .replace(/^ERR_O?SSL_/, "")
            .toLowerCase()
            .replaceAll("_", " ")}`
        : null;
  }
}

/** Whether the broker, or a proxy in front of it, closed a connection before serving it. */
export function wasClosed({ code }: Pick<BrokerFailure, "code">): boolean {
  return code === "CLOSED_UNSERVED" || code === "CLOSED_UNANSWERED";
}

/** A broker reports its versions before the login, so a connection closed before that probably hit a limit. */
function closedTrouble({ address, code, servesOthers }: BrokerFailure, noLogin: boolean): string | null {
  const limits =
    "its limit of connections (max.connections.per.ip, max.connections, connection_creation_rate)";
  if (servesOthers)
    return `Kafka at ${address} closed a new connection but serves others of this host: it may have reached ${limits}`;
  const login = "require a login, but kafka.sasl is not set";
  if (code === "CLOSED_UNANSWERED")
    return `Kafka at ${address} closed the connection before any response: it may have reached ${limits}${noLogin ? `, or ${login}` : ""}`;
  return noLogin ? `Kafka at ${address} closed the connection at the first request: it may ${login}` : null;
}

function certificateTrouble(
  { address, code }: BrokerFailure,
  ownAuthorities: boolean,
  { server, now }: BrokerFacts,
): string {
  const certificate = `the certificate of Kafka at ${address}`;
  switch (code) {
    case "CERT_HAS_EXPIRED":
      if (server === null) return `${certificate} has expired`;
      return server.validToMs <= now
        ? `${certificate} expired on ${day(server.validToMs)}`
        : `${certificate} is signed by an expired one: ${server.issuer}`;
    case "CERT_NOT_YET_VALID":
      return server === null
        ? `${certificate} is not valid yet: is a clock wrong?`
        : `${certificate} is not valid before ${day(server.validFromMs)}: is a clock wrong?`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
    case "HOSTNAME_MISMATCH": {
      const host = address.replace(/:\d+$/, "");
      const names = server?.names.join(", ") || "another host";
      return `${certificate} names ${names}, not ${host}`;
    }
    case "CERT_REVOKED":
      return `${certificate} is revoked`;
    default: {
      const issuer = server === null ? "an authority" : `an authority (${server.issuer})`;
      return ownAuthorities
        ? `${certificate} is signed by ${issuer} that is not in kafka.ssl.ca`
        : `${certificate} is signed by ${issuer} that this system does not trust: add it to kafka.ssl.ca`;
    }
  }
}

function ownCertificateTrouble(kafka: string, code: string, { own, now }: BrokerFacts): string {
  if (own === null)
    return `${kafka} requires a client certificate, but kafka.ssl.cert and kafka.ssl.key are not set`;
  const refused = `${kafka} refused our client certificate (${own.subject})`;
  if (own.validToMs <= now) return `${refused}: it expired on ${day(own.validToMs)}`;
  if (own.validFromMs > now) return `${refused}: it is not valid before ${day(own.validFromMs)}`;
  const alert = code
    .replace(/^.*ALERT_/, "")
    .toLowerCase()
    .replaceAll("_", " ");
  return `${refused}, signed by ${own.issuer}: ${alert}`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
