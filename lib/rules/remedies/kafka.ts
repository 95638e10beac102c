import type { KafkaSettings } from "../model/settings.ts";
import { type Remedy, remedy } from "./remedy.ts";

/** The names that commands to Kafka need. */
export interface KafkaNames {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly group: string;
  /** Who we are to Kafka, such as `User:penstock`; null if only the broker knows. */
  readonly principal: string | null;
  /** Whether a command needs settings of its own to connect: TLS or a login. */
  readonly isSecured: boolean;
}

/** What the config tells of these names. */
export function kafkaNamesIn({ brokers, group, sasl, tls }: KafkaSettings): KafkaNames {
  const isSecured = sasl !== null || tls !== null;
  // Without a login every client is ANONYMOUS.
  const principal =
    sasl !== null && "username" in sasl ? `User:${sasl.username}` : isSecured ? null : "User:ANONYMOUS";
  return { brokers, group, principal, isSecured };
}

/** Match the sentences of `broker-trouble.ts`, `login-gate.ts` and `kafka/tokens`. Certificate checks cannot be turned off. */
const LINKS: readonly (readonly [RegExp, string])[] = [
  [
    /no token .*\(kafka\.sasl\.tokenFile\)/,
    "let whoever issues the token write it there, and again before it expires",
  ],
  [/no token .* refused the client/, "correct kafka.sasl.clientId and kafka.sasl.clientSecret"],
  [
    /no token .* the token endpoint/,
    "start it, or correct kafka.sasl.tokenEndpoint; curl -u CLIENT:SECRET -d grant_type=client_credentials URL shows its answer",
  ],
  [
    /no token .* AWS/,
    "give this process AWS credentials, or correct kafka.sasl.roleArn or kafka.sasl.profile",
  ],
  [
    /client certificate/,
    "set kafka.ssl.cert and kafka.ssl.key to a valid pair whose authority the broker trusts",
  ],
  [
    /certificate .* names /,
    "use one of these names in kafka.brokers and advertised.listeners, or have a certificate issued for this one",
  ],
  [
    /certificate .* (expired|is revoked)/,
    "give the broker a new certificate, or kafka.ssl.ca the new authority",
  ],
  [/certificate .* is not valid (before|yet)/, "set the clock of this machine, or of the one that issued it"],
  [/certificate .* is signed by/, "name the PEM file of that authority in kafka.ssl.ca"],
  [/ is older than /, "upgrade this broker"],
  [/ is newer than /, "upgrade Penstock"],
  [/requires TLS/, "set kafka.ssl"],
  [/does not speak TLS|TLS with .* failed/, "remove kafka.ssl, or use the broker's TLS port"],
  [
    /limit of connections/,
    "raise the broker's limit of connections, or run fewer hosts from this address; a host has up to four for all its topics, and some for queries and dead letters",
  ],
  [/does not accept logins/, "remove kafka.sasl, or use the broker's SASL port"],
  [/sasl|authentication|login/i, "correct kafka.sasl, or the user's settings in the broker"],
];

/** What to do if a broker does not fit `kafka.ssl` or `kafka.sasl`; null if the sentence is about something else. */
export function linkRemedyOf(reason: string): string | null {
  return LINKS.find(([pattern]) => pattern.test(reason))?.[1] ?? null;
}

/** Matches the words of kafka-words.ts. */
const UNREACHABLE =
  /nothing listens at|no route to|cannot be resolved|did not answer within|does not answer|connecting to .* timed out|the connection to .* broke/;

const startBroker =
  "start the broker at that address, or set its advertised.listeners to one that can be reached from here";
export const grantReading = "grant READ on the topic, and READ and DESCRIBE on the group set in kafka.group";
export const createTopic =
  "create it and it will start by itself; if it exists, grant DESCRIBE and READ on it";

/** For a topic that does not exist, or that this user may not see. */
export function missingTopicRemedy(topic: string, names: KafkaNames): Remedy {
  return remedy(createTopic, `${tool("kafka-topics.sh", names)} --create --topic ${topic}`);
}

/** For a topic that cannot be read. @param reason in our words, with Kafka's error name if it answered */
export function readingRemedy(reason: string): string {
  return UNREACHABLE.test(reason) ? startBroker : grantReading;
}

/** What mends a refusal of Kafka. @param reason in our words, with Kafka's error name if it answered */
export function kafkaRemedy(reason: string, topic: string, names: KafkaNames): Remedy | null {
  if (reason.includes("TOPIC_AUTHORIZATION_FAILED"))
    return remedy(grantReading, grant(names, `--operation Read --operation Describe --topic ${topic}`));
  if (reason.includes("GROUP_AUTHORIZATION_FAILED"))
    return remedy(
      "grant READ and DESCRIBE on the group set in kafka.group",
      grant(names, `--operation Read --operation Describe --group ${names.group}`),
    );
  if (UNREACHABLE.test(reason)) return remedy(startBroker);
  const link = linkRemedyOf(reason);
  return link === null ? null : remedy(link);
}

/** @returns null if the principal is not known */
function grant(names: KafkaNames, what: string): string | null {
  const { principal } = names;
  return principal === null
    ? null
    : `${tool("kafka-acls.sh", names)} --add --allow-principal ${principal} ${what}`;
}

function tool(name: string, { brokers, isSecured }: KafkaNames): string {
  const access = isSecured ? " --command-config admin.properties" : "";
  return `${name} --bootstrap-server ${brokers.join(",")}${access}`;
}
