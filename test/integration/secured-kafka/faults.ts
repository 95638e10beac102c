import { describe, expect, test } from "bun:test";
import type { PenstockError } from "../../../lib/rules/base/errors.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import { diagnosed } from "../../support/doctor-command.ts";
import { eventually } from "../../support/eventually.ts";
import { rejection } from "../../support/rejection.ts";
import { PASSWORD, USER } from "../../support/secured-kafka.ts";
import { everythingOf } from "./everything.ts";
import { type Link, type SecuredWorld, WRONG, yesterday } from "./world.ts";

interface Fault extends Link {
  /** `@` stands for the broker's address. */
  readonly says: string;
  readonly remedy: string;
  readonly mended: Link;
  /** Its own host is started with it too. */
  readonly whole?: true;
}

/** Disagreements between Kafka and a host. */
export function describeFaults(world: SecuredWorld): void {
  const {
    links,
    login,
    trusting,
    withExpiredClient,
    addressOf,
    clusterOf,
    settingsOf,
    configOf,
    newTopic,
    hostOf,
  } = world;

  const [overTls, overMtls, , , overSasl] = links as readonly [Link, Link, Link, Link, Link];
  const overSaslTls = links[7] as Link;
  const faults: readonly Fault[] = [
    {
      ...overSaslTls,
      name: "a wrong password (SCRAM over TLS)",
      whole: true,
      sasl: login("scram-sha-512", WRONG),
      says: `Kafka at @ refused the login (SCRAM-SHA-512) of user ${USER}: Authentication failed`,
      remedy: "correct kafka.sasl",
      mended: overSaslTls,
    },
    {
      ...overSasl,
      name: "a wrong password (PLAIN)",
      sasl: login("plain", WRONG),
      says: `Kafka at @ refused the login (PLAIN) of user ${USER}: Authentication failed: Invalid username or password; not tried again before 20`,
      remedy: "correct kafka.sasl",
      mended: { ...overSasl, sasl: login("plain") },
    },
    {
      ...overSasl,
      name: "a mechanism that the broker does not offer",
      to: "REAUTH",
      sasl: login("plain"),
      says: "Kafka at @ does not offer PLAIN, which kafka.sasl.mechanism names",
      remedy: "correct kafka.sasl",
      mended: { ...overSasl, to: "REAUTH" },
    },
    {
      ...overTls,
      name: "an expired broker certificate",
      whole: true,
      to: "EXPIRED",
      says: `the certificate of Kafka at @ expired on ${yesterday}`,
      remedy: "give the broker a new certificate",
      mended: overTls,
    },
    {
      ...overTls,
      name: "a certificate for another host",
      to: "OTHERNAME",
      says: "the certificate of Kafka at @ names other.example, not 127.0.0.1",
      remedy: "use one of these names",
      mended: overTls,
    },
    {
      ...overTls,
      name: "an untrusted authority",
      tls: () => ({ ca: world.stranger.caFile }),
      says: "the certificate of Kafka at @ is signed by an authority (Test authority) that is not in kafka.ssl.ca",
      remedy: "name the PEM file of that authority in kafka.ssl.ca",
      mended: overTls,
    },
    {
      ...overMtls,
      name: "no client certificate",
      whole: true,
      tls: trusting,
      says: "Kafka at @ requires a client certificate, but kafka.ssl.cert and kafka.ssl.key are not set",
      remedy: "set kafka.ssl.cert and kafka.ssl.key",
      mended: overMtls,
    },
    {
      ...overMtls,
      name: "an expired client certificate",
      tls: withExpiredClient,
      says: `Kafka at @ refused our client certificate (expired-client): it expired on ${yesterday}`,
      remedy: "set kafka.ssl.cert and kafka.ssl.key",
      mended: overMtls,
    },
    {
      name: "a plain client on a TLS port",
      whole: true,
      to: "TLS",
      says: "Kafka at @ requires TLS, but kafka.ssl is not set",
      remedy: "set kafka.ssl",
      mended: overTls,
    },
    {
      ...overTls,
      name: "a TLS client on a plain port",
      to: "PLAINTEXT",
      says: "Kafka at @ does not speak TLS on this port: it closed the connection in the handshake, but kafka.ssl is set",
      remedy: "remove kafka.ssl",
      mended: overTls,
    },
    {
      ...overSasl,
      name: "a login on a port without logins",
      to: "PLAINTEXT",
      says: "Kafka at @ does not accept logins on this port, but kafka.sasl is set",
      remedy: "remove kafka.sasl",
      mended: overSasl,
    },
    {
      name: "no login on a port that requires one",
      to: "SASL",
      says: "Kafka at @ closed the connection at the first request: it may require a login, but kafka.sasl is not set",
      remedy: "correct kafka.sasl",
      mended: overSasl,
    },
  ];

  describe("disagreements between Kafka and a host are explained in words:", () => {
    for (const fault of faults) {
      test(
        fault.name,
        async () => {
          // A broker that is slow to answer is not explained.
          await eventually("it is explained", async () => {
            const cluster = clusterOf(settingsOf(fault));
            try {
              const asked = cluster.listTopics(AbortSignal.timeout(60_000));
              const error = (await rejection(asked)) as PenstockError;
              expect(error.message).toStartWith(fault.says.replace("@", addressOf(fault)));
              return error.code === "kafka_refused";
            } finally {
              await cluster.close();
            }
          });
        },
        240_000,
      );
    }
  });

  describe("a host reports it in /topics, in /readyz and in its log, and continues once the config is repaired:", () => {
    for (const fault of faults.filter(({ whole }) => whole)) {
      test(
        fault.name,
        async () => {
          const topic = await newTopic("a record");
          const config = { ...configOf(fault, [topic]), log: { level: "debug" } };
          const begunMs = performance.now();
          const host = await hostOf(config);
          const says = fault.says.replace("@", addressOf(fault));

          const isSaid = ({ reason }: TopicStatus): boolean => reason?.includes(says) === true;
          const { state } = await host.untilTopic(topic, "says why", isSaid);
          expect(state).toBe("pending");
          const status = await eventually("readiness says why", async () => {
            const answer = await host.fetch("/readyz");
            return (await answer.text()).includes(says) && answer.status;
          });
          expect(status).toBe(503);
          // The monitor's line; a topic may have logged it before, and a busy broker may first have been too late.
          const isTold = ({ msg, reason }: Record<string, unknown>): boolean =>
            msg === "Kafka could not be asked for its topics" && reason === "kafka_refused";
          const line = await eventually("it is in the log", () => host.log().find(isTold));
          expect(line["level"]).toBe("warn");
          expect(String(line["error"])).toStartWith(says);
          // One in 30 s.
          const lines = host.log().filter(isTold).length;
          expect(lines).toBeLessThanOrEqual(1 + (performance.now() - begunMs) / 30_000);

          const broken = await everythingOf(host);
          await host.writeConfig({ ...configOf(fault.mended, [topic]), deadLetters: config.deadLetters });
          await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 1);
          const everything = broken + (await everythingOf(host));
          expect(everything).toContain(says);
          for (const secret of [PASSWORD, WRONG, "PRIVATE KEY"]) expect(everything).not.toContain(secret);
          await host[Symbol.asyncDispose]();
        },
        240_000,
      );
    }
  });

  describe("doctor says the same, with a remedy:", () => {
    for (const fault of faults.filter(({ name }) =>
      /^(a wrong password .SCRAM|a certificate of|no client)/.test(name),
    )) {
      test(
        fault.name,
        async () => {
          const { code, find, out, error } = await diagnosed(configOf(fault, []));
          expect(code).toBe(1);
          expect(find(`broker ${addressOf(fault)}`)).toMatchObject({
            state: "failed",
            seen: expect.stringContaining(fault.says.replace("@", addressOf(fault))),
            remedy: expect.stringContaining(fault.remedy),
          });
          for (const secret of [PASSWORD, WRONG]) expect(out + error).not.toContain(secret);
        },
        240_000,
      );
    }
  });
}
