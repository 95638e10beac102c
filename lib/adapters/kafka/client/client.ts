import {
  Kafka,
  logLevel,
  type KafkaConfig,
  type logCreator,
  type Mechanism,
  type SASLOptions,
} from "kafkajs";
import { OUR_CLIENT_ID } from "../../../rules/group/strangers.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import {
  isTokenSasl,
  type KafkaSettings,
  type SaslSettings,
  type TlsSettings,
} from "../../../rules/model/settings.ts";
import type { BearerToken } from "../../../rules/secrets/bearer-token.ts";
import { oauthBearer } from "../tokens/oauth-bearer.ts";
import { registerCodecs } from "./compression.ts";
import type { LoginAttempt } from "./login-gate.ts";
import { createKafkaLinks, type KafkaLinks } from "./links.ts";

/** Always set, because kafkajs changes its defaults under NODE_ENV=test. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 6, factor: 0.2, multiplier: 2 } as const;

/** The options of every connection to a broker. */
export type LinkOptions = ReturnType<typeof linkOptions>;

/** @param links shared by the clients of one process */
export function linkOptions(settings: KafkaSettings, links: KafkaLinks) {
  const { brokers, sasl, tls } = settings;
  return {
    clientId: OUR_CLIENT_ID,
    connectionTimeout: 5_000,
    ...(tls !== null && { ssl: tlsOptions(tls) }),
    ...(sasl !== null && {
      sasl: {
        ...saslOptions(sasl, links),
        admit: async (at: LoginAttempt, login: () => Promise<void>) => {
          // Before the gate: without a token, no broker is asked.
          const token = isTokenSasl(sasl) ? await links.tokens.current(sasl) : null;
          await links.logins.admit({ brokers, sasl, token }, at, login);
        },
      },
    }),
    links: {
      choose: (addresses: readonly string[]) => links.addresses.choose(addresses),
      served: (address: string) => links.addresses.served(address),
      lost(address: string, error: Error) {
        links.addresses.lost(address);
        // Rules out explanations that would have affected the other brokers too.
        Object.assign(error, { servesOthers: links.addresses.hasServed(address) });
      },
    },
  };
}

/**
 * A fresh kafkajs client. Consumers each take their own: two on one client share a map of committed offsets.
 * @param links shared by the clients of one process
 */
export function createKafkaClient(
  settings: KafkaSettings,
  logger: Logger,
  links: KafkaLinks = createKafkaLinks(),
): Kafka {
  registerCodecs();
  return new Kafka({
    ...linkOptions(settings, links),
    brokers: [...settings.brokers],
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    // Failed clients are replaced by new ones; kafkajs' own restart is never wanted.
    retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
    logLevel: logLevel.WARN,
    logCreator: quietLogCreator(logger),
  });
}

function tlsOptions(tls: TlsSettings): NonNullable<KafkaConfig["ssl"]> {
  const { ca, cert, key } = tls;
  if (ca === null && cert === null && key === null) return true;
  return {
    ...(ca !== null && { ca: [ca] }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key: key.reveal() }),
  };
}

function saslOptions(sasl: SaslSettings, { tokens }: KafkaLinks): SASLOptions | Mechanism {
  if (isTokenSasl(sasl)) {
    const extensions = "extensions" in sasl ? sasl.extensions : {};
    const refused = (token: BearerToken): void => tokens.forget(sasl, token);
    return oauthBearer({ current: () => tokens.current(sasl), refused }, extensions);
  }
  const { mechanism, username } = sasl;
  const password = sasl.password.reveal();
  // One case each, because TypeScript cannot merge the three.
  switch (mechanism) {
    case "plain":
      return { mechanism, username, password };
    case "scram-sha-256":
      return { mechanism, username, password };
    case "scram-sha-512":
      return { mechanism, username, password };
  }
}

/**
 * kafkajs logs whole errors, with whatever was in them, log lines of users included. Only its message and the
 * few fields that say where are passed on, and at debug: what matters is reported by us, once.
 */
function quietLogCreator(logger: Logger): logCreator {
  return () => (entry) => {
    const { message, groupId, broker, topic, partition } = entry.log;
    logger.debug("kafkajs", { namespace: entry.namespace, message, groupId, broker, topic, partition });
  };
}
