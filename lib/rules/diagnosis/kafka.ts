import { OUR_CLIENT_ID } from "../group/strangers.ts";
import { type Check, checksOf, counted, isRefused, namesText, type Refused } from "./check.ts";

const { ok, warning, failed } = checksOf("kafka");

/** What of a topic's configuration matters here. Null: the broker did not say. */
export interface TopicConfig {
  /** -1: for ever. */
  readonly retentionMs: number | null;
  /** Of each partition; -1: no limit. */
  readonly retentionBytes: number | null;
  readonly maxMessageBytes: number | null;
  /** `delete`, `compact` or both. */
  readonly cleanupPolicy: string | null;
}

/** A consumer group as the broker describes it. */
export interface GroupFacts {
  /** `Empty`, `Stable`, …; `Dead` where there is none, or one of a newer protocol: its type is told then. */
  readonly state: string;
  /** Of its members' protocol: `consumer`, or another kind of client's; empty where there is no group. */
  readonly protocolType: string;
  readonly clientIds: readonly string[];
}

/** An outage shorter than this shall lose nothing. */
const LEAST_RETENTION_MS = 24 * 3_600_000;

/** By what `broker-trouble.ts` and the login say; the checks of certificates can be turned off nowhere. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
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
  [/wants TLS/, "set kafka.ssl"],
  [/does not speak TLS|no TLS comes about/, "take kafka.ssl away, or use the broker's port for TLS"],
  [
    /limit of connections/,
    "raise the broker's limit of connections, or run fewer hosts from this address; a host has up to four for its topics, however many, and some for questions and dead letters",
  ],
  [/takes no login/, "take kafka.sasl away, or use the broker's port for logins"],
  [/sasl|authentication|login/i, "correct kafka.sasl, or what the broker knows of this user"],
];

/** @param reached by address: the error; null: it answered. @param advertised addresses that the brokers name themselves by */
export function judgeBrokers(
  reached: ReadonlyMap<string, string | null>,
  advertised: ReadonlySet<string>,
): Check[] {
  return [...reached].map(([address, reason]) => {
    const name = `broker ${address}`;
    if (reason === null) return ok(name, "answers");
    const misfit = REMEDIES.find(([pattern]) => pattern.test(reason));
    if (misfit !== undefined) return failed(name, reason, misfit[1]);
    if (advertised.has(address)) {
      return failed(
        name,
        `the cluster names this address to its clients, and it does not answer: ${reason}`,
        "start that broker, or let advertised.listeners name an address that can be reached from here",
      );
    }
    const others = [...reached.values()].includes(null);
    const remedy =
      "start it, or correct kafka.brokers; with TLS or SASL on the broker set kafka.ssl and kafka.sasl";
    return others ? warning(name, `${reason}; others answer`, remedy) : failed(name, reason, remedy);
  });
}

/** @param inKafka number of partitions by topic */
export function judgeTopics(declared: readonly string[], inKafka: ReadonlyMap<string, number>): Check[] {
  const missing = declared.filter((topic) => !inKafka.has(topic));
  const there = declared.filter((topic) => inKafka.has(topic));
  return [
    ...(there.length === 0
      ? []
      : [ok("topics", `${counted(there.length, "topic")} there: ${namesText(there)}`)]),
    ...missing.map((topic) =>
      warning(
        `topic ${topic}`,
        "it does not exist in Kafka, or this user may not see it; its state will be pending",
        "create it, and it starts by itself; if it exists, grant DESCRIBE and READ on it",
      ),
    ),
  ];
}

/** Of topics that exist: whether what waits there may go before it is read. */
export function judgeRetention(configs: ReadonlyMap<string, TopicConfig | Refused>): Check[] {
  const checks: Check[] = [];
  const fine: string[] = [];
  const hidden: string[] = [];
  for (const [topic, config] of configs) {
    if (isRefused(config)) {
      hidden.push(topic);
      continue;
    }
    const faults = retentionFaults(config);
    if (faults.length === 0) fine.push(topic);
    else {
      const remedy = "raise the topic's retention: what it deletes before it is indexed is lost";
      checks.push(warning(`retention of ${topic}`, faults.join("; "), remedy));
    }
  }
  if (fine.length > 0) checks.unshift(ok("retention", `long enough: ${namesText(fine)}`));
  if (hidden.length > 0) {
    const first = [...configs.values()].find(isRefused);
    checks.push(
      warning(
        "retention",
        `cannot be read of ${namesText(hidden)}: ${first?.refused}`,
        "grant DESCRIBE_CONFIGS on the topics, or look at their retention yourself; hosts use it to tell when Kafka deletes what waits",
      ),
    );
  }
  return checks;
}

function retentionFaults({ retentionMs, retentionBytes, cleanupPolicy }: TopicConfig): string[] {
  const faults: string[] = [];
  const deletes = cleanupPolicy === null || cleanupPolicy.includes("delete");
  if (deletes && retentionMs !== null && retentionMs >= 0 && retentionMs < LEAST_RETENTION_MS)
    faults.push(`records are deleted after ${durationText(retentionMs)} (retention.ms ${retentionMs})`);
  if (deletes && retentionBytes !== null && retentionBytes >= 0)
    faults.push(`a partition keeps no more than retention.bytes ${retentionBytes}`);
  if (cleanupPolicy?.includes("compact"))
    faults.push("compaction deletes all but the last record of a key (cleanup.policy)");
  return faults;
}

export function judgeGroup(id: string, answer: GroupFacts | Refused): Check {
  const name = `group ${id}`;
  if (isRefused(answer)) {
    const remedy = "grant READ and DESCRIBE on the group that kafka.group names";
    return failed(name, `cannot be used: ${answer.refused}`, remedy);
  }
  const { clientIds, protocolType, state } = answer;
  const strangers = [...new Set(clientIds)].filter((client) => client !== OUR_CLIENT_ID);
  const another = "choose another kafka.group: hosts cannot be members beside it";
  if (strangers.length > 0)
    return failed(
      name,
      `it is used by another client: ${namesText(strangers)}`,
      `stop that client, or ${another}`,
    );
  if (state === "Dead" && protocolType === "consumer")
    return warning(
      name,
      "it is a group of Kafka's newer protocol (group.protocol=consumer): while one of its consumers runs, no host can be a member",
      "stop them, or choose another kafka.group; kafka-consumer-groups.sh --describe --members shows them",
    );
  // `consumer` where there are members of the older protocol, nothing where there is no group.
  if (protocolType !== "" && protocolType !== "consumer")
    return failed(name, `it is a group of type ${JSON.stringify(protocolType)}, not of consumers`, another);
  const { length } = clientIds;
  return ok(name, `may be used; ${length === 0 ? "no host runs" : `${counted(length, "host")} running`}`);
}

/** Nearer to the limit than this, the next topics or hosts may be too many. */
const ROOMY = 0.8;

/** @param neededBytes of the group's record, with so many hosts and all declared topics. @param limitBytes what Kafka takes */
export function judgeRoom(id: string, hosts: number, neededBytes: number, limitBytes: number): Check[] {
  if (neededBytes < ROOMY * limitBytes) return [];
  const seen = `with all topics and ${counted(hosts, "host")} it needs ${neededBytes} bytes in one record of __consumer_offsets, which takes ${limitBytes} (max.message.bytes)`;
  const remedy =
    "raise max.message.bytes of __consumer_offsets, or give some hosts their own topics and another kafka.group";
  const name = `room in group ${id}`;
  return neededBytes > limitBytes
    ? [failed(name, `${seen}: some topics will not be read`, remedy)]
    : [warning(name, seen, remedy)];
}

/** In the words of kafka-words.ts. */
const UNREACHABLE =
  /nothing listens at|no route leads to|is not known|did not answer within|does not answer|comes about in time|the connection to .* broke/;
const REACH_IT =
  "start the broker at that address, or let advertised.listeners name one that can be reached from here";
const GRANT_READ = "grant READ on the topic, and READ and DESCRIBE on the group that kafka.group names";

/** @param tried by topic: why a record could not be read; null: it was. @param others topics that have records and were not tried */
export function judgeReading(tried: ReadonlyMap<string, string | null>, others: number): Check[] {
  const read = [...tried].filter(([, reason]) => reason === null).map(([topic]) => topic);
  const rest = others === 0 ? "" : `; ${counted(others, "further topic")} not tried`;
  return [
    ...(read.length === 0 ? [] : [ok("reading", `a record was read of ${namesText(read)}${rest}`)]),
    ...[...tried].flatMap(([topic, reason]) =>
      reason === null
        ? []
        : [failed(`reading ${topic}`, reason, UNREACHABLE.test(reason) ? REACH_IT : GRANT_READ)],
    ),
  ];
}

/** What is known of the dead-letter topic. */
export type DeadLetterFacts =
  | { readonly kind: "there"; readonly config: TopicConfig | Refused }
  /** `refusal`: why it could not be created; null: it could. */
  | { readonly kind: "absent"; readonly refusal: string | null };

/** @param largestBytes the largest `max.message.bytes` of the declared topics; 0: not known */
export function judgeDeadLetters(topic: string, facts: DeadLetterFacts, largestBytes: number): Check[] {
  const name = `dead-letter topic ${topic}`;
  if (facts.kind === "absent") {
    return facts.refusal === null
      ? [ok(name, "not there yet; it is created with the first dead letter, and may be")]
      : [
          failed(
            name,
            `it is not there and may not be created: ${facts.refusal}`,
            "create it with retention.ms=-1 and max.message.bytes=16777216, or grant CREATE; a rejected record stalls its partition until then",
          ),
        ];
  }
  const { config } = facts;
  if (isRefused(config))
    return [
      warning(
        name,
        `it is there; its settings cannot be read: ${config.refused}`,
        "grant DESCRIBE_CONFIGS on it",
      ),
    ];
  const checks: Check[] = [];
  const { retentionMs, maxMessageBytes, cleanupPolicy } = config;
  if (retentionMs !== null && retentionMs >= 0) {
    const seen = `dead letters are deleted after ${durationText(retentionMs)} (retention.ms ${retentionMs})`;
    checks.push(warning(name, seen, "set its retention.ms to -1: afterwards nothing can be replayed"));
  }
  if (maxMessageBytes !== null && maxMessageBytes < largestBytes) {
    const seen = `max.message.bytes is ${maxMessageBytes}, and records may have up to ${largestBytes}`;
    checks.push(warning(name, seen, "raise it: letters that do not fit are kept without their value"));
  }
  if (cleanupPolicy?.includes("compact")) {
    const seen =
      "its cleanup.policy is compact: letters of the same key replace each other, those without a key are refused";
    checks.push(failed(name, seen, "set its cleanup.policy to delete"));
  }
  return checks.length > 0
    ? checks
    : [ok(name, "it is there, and keeps what it is given (writing was not tried)")];
}

/** `90 min`, `36 h`, `7 days`. */
function durationText(ms: number): string {
  const units = [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
    ["second", 1_000],
  ] as const;
  const [noun, size] = units.find(([, size]) => ms >= size) ?? ["millisecond", 1];
  return counted(Math.round((ms / size) * 10) / 10, noun);
}
