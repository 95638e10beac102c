import { describe, expect, test } from "bun:test";
import {
  type CertificateFacts,
  isAboutCertificate,
  type BrokerFacts,
  brokerTrouble,
} from "../../../../lib/rules/trouble/broker-trouble.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import type { TlsSettings } from "../../../../lib/rules/model/settings.ts";

const now = Date.UTC(2026, 10, 25);
const facts = (changes: Partial<CertificateFacts> = {}): CertificateFacts => ({
  subject: "broker",
  issuer: "Our authority",
  names: ["a.example", "b.example"],
  validFromMs: Date.UTC(2026, 0, 1),
  validToMs: Date.UTC(2026, 11, 31),
  ...changes,
});
const tls: TlsSettings = { ca: "PEM", cert: null, key: null };

const trouble = (code: string, known: Partial<BrokerFacts> = {}, settings: TlsSettings | null = tls) =>
  brokerTrouble(
    { address: "k:9094", code, servesOthers: false },
    { tls: settings, sasl: null },
    { server: null, own: null, now, ...known },
  );

describe("a problem with the broker's certificate", () => {
  const old = facts({ validToMs: Date.UTC(2026, 10, 24, 12) });
  test.each([
    ["CERT_HAS_EXPIRED", { server: old }, "the certificate of Kafka at k:9094 expired on 2026-11-24"],
    ["CERT_HAS_EXPIRED", {}, "the certificate of Kafka at k:9094 has expired"],
    [
      "CERT_HAS_EXPIRED",
      { server: facts() },
      "the certificate of Kafka at k:9094 is signed by an expired one: Our authority",
    ],
    [
      "CERT_NOT_YET_VALID",
      { server: facts({ validFromMs: Date.UTC(2027, 0, 1) }) },
      "the certificate of Kafka at k:9094 is not valid before 2027-01-01: is a clock wrong?",
    ],
    [
      "ERR_TLS_CERT_ALTNAME_INVALID",
      { server: facts() },
      "the certificate of Kafka at k:9094 names a.example, b.example, not k",
    ],
    ["ERR_TLS_CERT_ALTNAME_INVALID", {}, "the certificate of Kafka at k:9094 names another host, not k"],
    [
      "SELF_SIGNED_CERT_IN_CHAIN",
      { server: facts() },
      "the certificate of Kafka at k:9094 is signed by an authority (Our authority) that is not in kafka.ssl.ca",
    ],
  ])("%s", (code, known, says) => {
    expect(trouble(code, known)).toBe(says);
    expect(isAboutCertificate({ address: "k:9094", code, servesOthers: false })).toBe(true);
  });

  test("without kafka.ssl.ca the system's authorities count", () => {
    expect(trouble("UNABLE_TO_VERIFY_LEAF_SIGNATURE", {}, { ...tls, ca: null })).toContain(
      "that this system does not trust: add it to kafka.ssl.ca",
    );
  });
});

describe("the broker's reason for refusing our certificate", () => {
  const code = "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN";
  test("is that we have none", () => {
    expect(trouble("ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED")).toContain("requires a client certificate");
  });
  test("is that it has expired, or is not valid yet", () => {
    const own = facts({ subject: "us", validToMs: now - 1 });
    expect(trouble(code, { own })).toBe(
      "Kafka at k:9094 refused our client certificate (us): it expired on 2026-11-24",
    );
    expect(trouble(code, { own: facts({ validFromMs: now + 1 }) })).toContain(
      "it is not valid before 2026-11-25",
    );
  });
  test("is otherwise its authority, with the broker's words", () => {
    expect(trouble(code, { own: facts() })).toBe(
      "Kafka at k:9094 refused our client certificate (broker), signed by Our authority: certificate unknown",
    );
  });
});

test("other TLS failures are shown by name, and failures of neither TLS nor login are left to others", () => {
  expect(trouble("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION")).toBe(
    "TLS with Kafka at k:9094 failed: tlsv1 alert protocol version",
  );
  for (const code of ["ECONNREFUSED", "ENOTFOUND", "ECONNRESET"]) expect(trouble(code)).toBeNull();
});

test("a connection closed at its first request is explained only if no login is set", () => {
  const sasl = { mechanism: "plain", username: "u", password: new Secret("p") } as const;
  const failure = { address: "k:9094", code: "CLOSED_UNSERVED", servesOthers: false };
  const known = { server: null, own: null, now };
  expect(brokerTrouble(failure, { tls: null, sasl: null }, known)).toContain("it may require a login");
  expect(brokerTrouble(failure, { tls: null, sasl }, known)).toBeNull();
});

describe("a broker that closes new connections", () => {
  const limits =
    "its limit of connections (max.connections.per.ip, max.connections, connection_creation_rate)";
  const closed = (code: string, servesOthers: boolean, login = false) =>
    brokerTrouble(
      { address: "k:9092", code, servesOthers },
      { tls: null, sasl: login ? { mechanism: "plain", username: "u", password: new Secret("p") } : null },
      { server: null, own: null, now },
    );

  test("but serves others of this host does not require a login", () => {
    for (const code of ["CLOSED_UNSERVED", "CLOSED_UNANSWERED"])
      expect(closed(code, true)).toBe(
        `Kafka at k:9092 closed a new connection but serves others of this host: it may have reached ${limits}`,
      );
  });

  test("before it sent its versions may have too many; if no login is set, it may also require one", () => {
    const says = `Kafka at k:9092 closed the connection before any response: it may have reached ${limits}`;
    expect(closed("CLOSED_UNANSWERED", false)).toBe(`${says}, or require a login, but kafka.sasl is not set`);
    expect(closed("CLOSED_UNANSWERED", false, true)).toBe(says);
  });
});
