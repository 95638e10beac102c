/** The known facts of an error that a Kafka client threw. */
export interface ClientFailure {
  readonly message: string;
  /** Kafka's error name, such as `REBALANCE_IN_PROGRESS`; null if there was no response. */
  readonly type: string | null;
  /** `host:port`; null if unknown. */
  readonly broker: string | null;
  /** The timeout of an unanswered request, in milliseconds; null for any other failure. */
  readonly afterMs: number | null;
}

const LEADER_MOVES =
  /^(LEADER_NOT_AVAILABLE|NOT_LEADER_FOR_PARTITION|FENCED_LEADER_EPOCH|UNKNOWN_LEADER_EPOCH|REPLICA_NOT_AVAILABLE|OFFSET_NOT_AVAILABLE|KAFKA_STORAGE_ERROR)$/;
const COORDINATOR_MOVES =
  /^(GROUP_COORDINATOR_NOT_AVAILABLE|NOT_COORDINATOR_FOR_GROUP|GROUP_LOAD_IN_PROGRESS)$/;

/** Whether a leader or coordinator is being elected, so that a retry soon succeeds. @param type Kafka's error name */
export function isMoving(type: string): boolean {
  return LEADER_MOVES.test(type) || COORDINATOR_MOVES.test(type);
}

/** Kafka's internal state changes, in words for operators. Kafka's own messages are written for client developers. */
const ANSWERS: readonly (readonly [RegExp, string])[] = [
  [LEADER_MOVES, "a partition leader is moving to another broker, or none can be elected"],
  [COORDINATOR_MOVES, "the group coordinator is moving to another broker, or currently missing"],
  [
    /^(UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION|REBALANCE_IN_PROGRESS)$/,
    "the group has rebalanced without this host, because Kafka did not hear from it in time",
  ],
  [/^INCONSISTENT_GROUP_PROTOCOL$/, "another client in its group uses a different assignment protocol"],
  [
    /^NOT_ENOUGH_REPLICAS/,
    "too few replicas of a partition are in sync (min.insync.replicas), so Kafka accepts no writes",
  ],
  [/^GROUP_MAX_SIZE_REACHED$/, "its group has reached its maximum size (group.max.size)"],
];

/** The library's messages about connections to brokers. */
const CONNECTIONS: readonly (readonly [RegExp, (at: string, match: RegExpExecArray) => string])[] = [
  [/connect ECONNREFUSED (\S+)/, (_, match) => `nothing listens at ${match[1]} (ECONNREFUSED)`],
  [/(EHOSTUNREACH|ENETUNREACH)/, (at, match) => `no route to ${at} (${match[1]})`],
  [
    /getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)|(?:ENOTFOUND|EAI_AGAIN)/,
    (at, match) => `the host name ${match[1] ?? at.replace(/:\d+$/, "")} cannot be resolved`,
  ],
  [/^Connection timeout$|ETIMEDOUT/, (at) => `connecting to ${at} timed out`],
  [
    /^Closed connection$|^Connection closed|^Connection given up|^Not connected$|ECONNRESET|EPIPE/,
    (at) => `the connection to ${at} broke`,
  ],
  [
    /^Broker -?\d+ not found|^No brokers in the broker pool/,
    () => "a required broker is currently not part of the cluster",
  ],
  [/^Failed to find group coordinator$/, () => "no broker knows the group coordinator"],
  [/^Timeout while acquiring lock/, (at) => `${at} does not answer`],
];

/** Explains a failure to the operator, without internals of the library or protocol. */
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

/** Whether a result of `partitionWords` means a missing permission. */
export function isReadingForbidden(words: string): boolean {
  return words.includes("TOPIC_AUTHORIZATION_FAILED");
}

/** Why one partition cannot be read. @param type Kafka's error name */
export function partitionWords(type: string): string {
  const message = PARTITION_ANSWERS.get(type) ?? `Kafka refuses reading it: ${type}`;
  return kafkaWords({ message, type, broker: null, afterMs: null });
}
