import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigResourceTypes } from "kafkajs";
import { startStack, type Stack } from "../../infra/stack/stack.ts";
import { createAuthority, type TestAuthority, type TestCertificate } from "./certificates.ts";
import { connectTestKafka, type TestKafka } from "./kafka.ts";
import { setScramUser } from "./scram-users.ts";
import { AUDIENCE, startTokenIssuer, type TestIssuer } from "./token-issuer.ts";

/** The properties of one port of the broker, valid or faulty. */
const LISTENERS = {
  TLS: "SSL",
  /** Requires a client certificate. */
  MTLS: "SSL",
  SASL: "SASL_PLAINTEXT",
  SASLTLS: "SASL_SSL",
  /** Its certificate expired yesterday. */
  EXPIRED: "SSL",
  /** Its certificate names other.example. */
  OTHERNAME: "SSL",
  /** Cuts clients that do not log in again every 10 s. */
  REAUTH: "SASL_PLAINTEXT",
  /** Takes tokens of the issuer for `AUDIENCE`. A session lasts as long as its token. */
  OAUTH: "SASL_PLAINTEXT",
} as const;
export type SecuredListener = keyof typeof LISTENERS;

export const USER = "penstock-user";
export const PASSWORD = "the-Right-passw0rd";

/** A broker that requires TLS and logins, each kind on its own port, plus a plain port for the test itself. */
export interface SecuredKafka extends AsyncDisposable {
  readonly stack: Stack;
  readonly authority: TestAuthority;
  readonly issuer: TestIssuer;
  /** A client's. */
  readonly client: TestCertificate;
  readonly expiredClient: TestCertificate;
  /** Through the plain listener. */
  readonly kafka: TestKafka;
  listener(name: SecuredListener): string;
  /** Replaces the listener's certificate while it runs. */
  renew(name: SecuredListener, certificate: TestCertificate): Promise<void>;
  setUser(
    mechanism: Parameters<typeof setScramUser>[1],
    name: string,
    password: string | null,
  ): Promise<void>;
  /** How many logins the broker has refused so far. */
  refusedLogins(): Promise<number>;
}

export async function startSecuredKafka(): Promise<SecuredKafka> {
  await using releases = new AsyncDisposableStack();
  const authority = releases.use(await createAuthority());
  const hosts = ["127.0.0.1", "localhost"];
  const [good, expired, other, client, expiredClient] = await Promise.all([
    authority.issue("broker", { hosts }),
    authority.issue("expired-broker", { hosts, expired: true }),
    authority.issue("other.example", { hosts: ["other.example"] }),
    authority.issue("client"),
    authority.issue("expired-client", { expired: true }),
  ]);
  const keep = async (name: SecuredListener, { cert, key }: TestCertificate): Promise<string> => {
    const file = join(authority.folder, `${name}-${crypto.randomUUID()}.store.pem`);
    await writeFile(file, `${key}${cert}`);
    return file;
  };
  const issuer = releases.use(await startTokenIssuer());
  const properties: Record<string, string> = {};
  for (const [name, certificate] of [
    ["TLS", good],
    ["MTLS", good],
    ["SASLTLS", good],
    ["EXPIRED", expired],
    ["OTHERNAME", other],
  ] as const) {
    Object.assign(
      properties,
      prefixed(name, {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": await keep(name, certificate),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authority.caFile,
        "ssl.client.auth": name === "MTLS" ? "required" : "none",
      }),
    );
  }
  for (const name of ["SASL", "SASLTLS", "REAUTH"]) Object.assign(properties, prefixed(name, saslProperties));
  Object.assign(
    properties,
    prefixed("REAUTH", {
      "sasl.enabled.mechanisms": "SCRAM-SHA-512",
      "scram-sha-512.connections.max.reauth.ms": "10000",
    }),
  );

  Object.assign(
    properties,
    prefixed("OAUTH", {
      "sasl.enabled.mechanisms": "OAUTHBEARER",
      "oauthbearer.sasl.jaas.config":
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
      "oauthbearer.sasl.server.callback.handler.class":
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler",
      // The default of 4.1 checks nothing but the form.
      "sasl.oauthbearer.jwt.validator.class":
        "org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator",
      "sasl.oauthbearer.jwks.endpoint.url": issuer.jwksUrl,
      "sasl.oauthbearer.expected.audience": AUDIENCE,
    }),
  );

  const stack = await startStack({
    kafkaListeners: LISTENERS,
    kafkaSystemProperties: { "org.apache.kafka.sasl.oauthbearer.allowed.urls": issuer.jwksUrl },
    kafkaProperties: properties,
    elasticsearch: false,
    etcd: false,
  });
  releases.defer(() => stack.stop());
  const [plain = ""] = stack.kafka.brokers;
  await Promise.all(
    (["scram-sha-256", "scram-sha-512"] as const).map((mechanism) =>
      setScramUser(plain, mechanism, USER, PASSWORD),
    ),
  );
  const kafka = releases.use(await connectTestKafka(stack.kafka.brokers));
  const owned = releases.move();
  return {
    stack,
    authority,
    issuer,
    client,
    expiredClient,
    kafka,
    listener: (name) => stack.kafka.listener(name),
    setUser: (mechanism, name, password) => setScramUser(plain, mechanism, name, password),
    async renew(name, certificate) {
      const location = await keep(name, certificate);
      await kafka.admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.BROKER,
            name: "1",
            configEntries: Object.entries(
              prefixed(name, { "ssl.keystore.type": "PEM", "ssl.keystore.location": location }),
            ).map(([name, value]) => ({ name, value })),
          },
        ],
      });
    },
    async refusedLogins() {
      const log = await Bun.file(stack.kafka.logFile).text();
      return log.split("Failed authentication with").length - 1;
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

const saslProperties = {
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
  "plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
  "scram-sha-256.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
  "scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
};

function prefixed(listener: string, properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      `listener.name.${listener.toLowerCase()}.${name}`,
      value,
    ]),
  );
}
