/** What a Kafka client threw, by what can be told of it. */
export interface ClientFailure {
  readonly message: string;
  /** Kafka's name of what it answered, such as `REBALANCE_IN_PROGRESS`; null: nothing was answered. */
  readonly type: string | null;
  /** `host:port`; null: not known. */
  readonly broker: string | null;
  /** How long a request that was not answered had, in milliseconds; null: it is about something else. */
  readonly afterMs: number | null;
}

const LEADER_MOVES =
  /^(LEADER_NOT_AVAILABLE|NOT_LEADER_FOR_PARTITION|FENCED_LEADER_EPOCH|UNKNOWN_LEADER_EPOCH|REPLICA_NOT_AVAILABLE|OFFSET_NOT_AVAILABLE|KAFKA_STORAGE_ERROR)$/;
const COORDINATOR_MOVES =
  /^(GROUP_COORDINATOR_NOT_AVAILABLE|NOT_COORDINATOR_FOR_GROUP|GROUP_LOAD_IN_PROGRESS)$/;

/** Whether Kafka is choosing who answers, and will in a moment. @param type Kafka's name of what it answered */
export function isMoving(type: string): boolean {
  return LEADER_MOVES.test(type) || COORDINATOR_MOVES.test(type);
}

/** What Kafka answers while it is busy with itself. Its own sentences are written for those who write clients. */
const ANSWERS: readonly (readonly [RegExp, string])[] = [
  [LEADER_MOVES, "a partition's leader is moving to another broker, or none can be elected"],
  [COORDINATOR_MOVES, "the group's coordinator is moving to another broker, or there is none at the moment"],
  [
    /^(UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION|REBALANCE_IN_PROGRESS)$/,
    "the group has rebalanced without this host, which Kafka did not hear of in time",
  ],
  [/^INCONSISTENT_GROUP_PROTOCOL$/, "another client is in its group, and shares partitions in another way"],
  [
    /^NOT_ENOUGH_REPLICAS/,
    "too few replicas of a partition are in sync (min.insync.replicas), so Kafka takes nothing",
  ],
  [/^GROUP_MAX_SIZE_REACHED$/, "its group has as many members as it may (group.max.size)"],
];

/** What the library says of the way to a broker. */
const CONNECTIONS: readonly (readonly [RegExp, (at: string, match: RegExpExecArray) => string])[] = [
  [/connect ECONNREFUSED (\S+)/, (_, match) => `nothing listens at ${match[1]} (ECONNREFUSED)`],
  [/(EHOSTUNREACH|ENETUNREACH)/, (at, match) => `no route leads to ${at} (${match[1]})`],
  [
    /getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)|(?:ENOTFOUND|EAI_AGAIN)/,
    (at, match) => `the host name ${match[1] ?? at.replace(/:\d+$/, "")} is not known`,
  ],
  [/^Connection timeout$|ETIMEDOUT/, (at) => `no connection to ${at} comes about in time`],
  [
    /^Closed connection$|^Connection closed|^Connection given up|^Not connected$|ECONNRESET|EPIPE/,
    (at) => `the connection to ${at} broke`,
  ],
  [
    /^Broker -?\d+ not found|^No brokers in the broker pool/,
    () => "a broker that is needed is not part of the cluster at the moment",
  ],
  [/^Failed to find group coordinator$/, () => "no broker tells who coordinates the group"],
  [/^Timeout while acquiring lock/, (at) => `${at} does not answer`],
];

/** The failure in words for whoever runs a host: no names of the library's or the protocol's insides. */
export function kafkaWords({ message, type, broker, afterMs }: ClientFailure): string {
  const answered = type === null ? undefined : ANSWERS.find(([pattern]) => pattern.test(type));
  if (answered !== undefined) return answered[1];
  const at = broker ?? "a broker";
  if (afterMs !== null) return `${at} did not answer within ${Math.round(afterMs / 1000)} s`;
  for (const [pattern, words] of CONNECTIONS) {
    const match = pattern.exec(message);
    if (match !== null) return words(at, match);
  }
  return message;
}

const PARTITION_ANSWERS = new Map([
  ["UNKNOWN_TOPIC_OR_PARTITION", "the topic, or this partition of it, does not exist in Kafka"],
  ["TOPIC_AUTHORIZATION_FAILED", "Kafka does not let this user read the topic (TOPIC_AUTHORIZATION_FAILED)"],
]);

/** Whether words of `partitionWords` say that somebody has to allow it first. */
export function isReadingForbidden(words: string): boolean {
  return words.includes("TOPIC_AUTHORIZATION_FAILED");
}

/** Why one partition cannot be read. @param type Kafka's name of what it answered */
export function partitionWords(type: string): string {
  const message = PARTITION_ANSWERS.get(type) ?? `Kafka refuses to read it: ${type}`;
  return kafkaWords({ message, type, broker: null, afterMs: null });
}
