import type { KafkaSettings } from "../model/settings.ts";

/** What went wrong on the way to one broker, in the codes of Node, of OpenSSL, and of the patched kafkajs. */
export interface BrokerFailure {
  /** `host:port` */
  readonly address: string;
  readonly code: string;
  /** True: other connections of ours have been served there. */
  readonly servesOthers: boolean;
}

/** What of a certificate people ask for first. */
export interface CertificateFacts {
  /** Its common name, and that of whoever signed it. */
  readonly subject: string;
  readonly issuer: string;
  /** DNS names and IP addresses it stands for. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly validFromMs: number;
  readonly validToMs: number;
}

export interface BrokerFacts {
  /** The broker's; null: not known. */
  readonly server: CertificateFacts | null;
  /** Ours; null: there is none, or it cannot be read. */
  readonly own: CertificateFacts | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A broker's certificate that does not satisfy us. */
const CERTIFICATE_CODES = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;
/** A broker that our certificate, or the lack of one, does not satisfy: TLS 1.3 has a code of its own for the lack. */
const OWN_CERTIFICATE_CODES =
  /^ERR_SSL_.*ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

/** Whether looking at the broker's certificate tells more than the code does. */
export function isAboutCertificate({ code }: BrokerFailure): boolean {
  return CERTIFICATE_CODES.test(code);
}

/**
 * Says in one sentence what is wrong between a broker and `kafka.ssl` and `kafka.sasl`.
 * @returns null where neither is: nobody listens, or the way is broken
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
      return `${kafka} wants TLS, and kafka.ssl is not set`;
    case "NOT_KAFKA":
      return `what answers at ${address} is not Kafka`;
    case "CLOSED_IN_HANDSHAKE":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return `${kafka} does not speak TLS on this port, it closed the connection in the handshake; kafka.ssl is set`;
    case "CLOSED_UNSERVED":
    case "CLOSED_UNANSWERED":
      return closedTrouble(failure, sasl === null);
    default:
      return code.startsWith("ERR_SSL_") || code.startsWith("ERR_OSSL_")
        ? `no TLS comes about with ${kafka}: ${code
            .replace(/^ERR_O?SSL_/, "")
            .toLowerCase()
            .replaceAll("_", " ")}`
        : null;
  }
}

/** Whether the broker, or what stands before it, closed a connection that it had not served yet. */
export function wasClosed({ code }: Pick<BrokerFailure, "code">): boolean {
  return code === "CLOSED_UNSERVED" || code === "CLOSED_UNANSWERED";
}

/** A broker tells its versions before the login; closed before that, it is not the login that is wanted first of all. */
function closedTrouble({ address, code, servesOthers }: BrokerFailure, noLogin: boolean): string | null {
  const limits =
    "its limit of connections (max.connections.per.ip, max.connections, connection_creation_rate)";
  if (servesOthers)
    return `Kafka at ${address} closed a new connection, and serves others of this host: it may have reached ${limits}`;
  const login = "want a login, and kafka.sasl is not set";
  if (code === "CLOSED_UNANSWERED")
    return `Kafka at ${address} closed the connection before it answered anything: it may have reached ${limits}${noLogin ? `, or ${login}` : ""}`;
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
        : `${certificate} is signed by one that has expired: ${server.issuer}`;
    case "CERT_NOT_YET_VALID":
      return server === null
        ? `${certificate} is not valid yet: is one of the clocks wrong?`
        : `${certificate} is not valid before ${day(server.validFromMs)}: is one of the clocks wrong?`;
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
        ? `${certificate} is signed by ${issuer} that kafka.ssl.ca does not hold`
        : `${certificate} is signed by ${issuer} that this system does not know; name it in kafka.ssl.ca`;
    }
  }
}

function ownCertificateTrouble(kafka: string, code: string, { own, now }: BrokerFacts): string {
  if (own === null)
    return `${kafka} wants a client certificate: kafka.ssl.cert and kafka.ssl.key are not set`;
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
