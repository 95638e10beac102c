import { OUR_CLIENT_ID } from "../group/strangers.ts";
import { type Check, checksOf, isRefused, namesText, type Refused } from "./check.ts";
import { counted, durationText } from "../base/units.ts";
import { type HoldOrder, holdWords, placeText } from "../progress/hold.ts";
import type { SourceRef } from "../model/declaration.ts";
import type { TopicConfig } from "../progress/retention.ts";
import { createTopic, linkRemedyOf, readingRemedy } from "../remedies/kafka.ts";

const { ok, warning, failed } = checksOf("kafka");

/** A consumer group as the broker describes it. */
export interface GroupFacts {
  /** `Empty`, `Stable`, …; `Dead` if there is no group, or one of a newer protocol, which has a type. */
  readonly state: string;
  /** The members' protocol: `consumer`, or that of another kind of client; empty if there is no group. */
  readonly protocolType: string;
  readonly clientIds: readonly string[];
}

/** An outage shorter than this must lose nothing. */
const LEAST_RETENTION_MS = 24 * 3_600_000;

/** @param reached the error of each address; null if it answered @param advertised by the brokers */
export function judgeBrokers(
  reached: ReadonlyMap<string, string | null>,
  advertised: ReadonlySet<string>,
): Check[] {
  return [...reached].map(([address, reason]) => {
    const name = `broker ${address}`;
    if (reason === null) return ok(name, "answers");
    const misfit = linkRemedyOf(reason);
    if (misfit !== null) return failed(name, reason, misfit);
    if (advertised.has(address)) {
      return failed(
        name,
        `the cluster advertises this address, but it does not answer: ${reason}`,
        "start that broker, or set its advertised.listeners to an address that can be reached from here",
      );
    }
    const others = [...reached.values()].includes(null);
    const remedy =
      "start it, or correct kafka.brokers; if the broker uses TLS or SASL, set kafka.ssl and kafka.sasl";
    return others ? warning(name, `${reason}; others answer`, remedy) : failed(name, reason, remedy);
  });
}

/** @param inKafka partition counts by topic */
export function judgeTopics(declared: readonly string[], inKafka: ReadonlyMap<string, number>): Check[] {
  const missing = declared.filter((topic) => !inKafka.has(topic));
  const there = declared.filter((topic) => inKafka.has(topic));
  return [
    ...(there.length === 0
      ? []
      : [ok("topics", `${counted(there.length, "topic")} found: ${namesText(there)}`)]),
    ...missing.map((topic) =>
      warning(
        `topic ${topic}`,
        "it does not exist in Kafka, or this user may not see it; its state will be pending",
        createTopic,
      ),
    ),
  ];
}

/** Whether Kafka may delete waiting records of existing topics before they are read. */
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
      const remedy = "raise the topic's retention: records deleted before they are indexed are lost";
      checks.push(warning(`retention of ${topic}`, faults.join("; "), remedy));
    }
  }
  if (fine.length > 0) checks.unshift(ok("retention", `long enough: ${namesText(fine)}`));
  if (hidden.length > 0) {
    const first = [...configs.values()].find(isRefused);
    checks.push(
      warning(
        "retention",
        `cannot be read for ${namesText(hidden)}: ${first?.refused}`,
        "grant DESCRIBE_CONFIGS on the topics, or check their retention yourself; hosts use it to predict when Kafka deletes waiting records",
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
    faults.push(`a partition keeps at most ${retentionBytes} bytes (retention.bytes)`);
  if (cleanupPolicy?.includes("compact"))
    faults.push("compaction deletes all but the last record of each key (cleanup.policy)");
  return faults;
}

export function judgeGroup(id: string, answer: GroupFacts | Refused): Check {
  const name = `group ${id}`;
  if (isRefused(answer)) {
    const remedy = "grant READ and DESCRIBE on the group set in kafka.group";
    return failed(name, `cannot be used: ${answer.refused}`, remedy);
  }
  const { clientIds, protocolType, state } = answer;
  const strangers = [...new Set(clientIds)].filter((client) => client !== OUR_CLIENT_ID);
  const another = "choose another kafka.group: hosts cannot join this one";
  if (strangers.length > 0)
    return failed(name, `another client uses it: ${namesText(strangers)}`, `stop that client, or ${another}`);
  if (state === "Dead" && protocolType === "consumer")
    return warning(
      name,
      "it uses Kafka's newer protocol (group.protocol=consumer): no host can join while one of its consumers runs",
      "stop its consumers, or choose another kafka.group; kafka-consumer-groups.sh --describe --members lists them",
    );
  if (protocolType !== "" && protocolType !== "consumer")
    return failed(name, `its type is ${JSON.stringify(protocolType)}, not consumer`, another);
  const { length } = clientIds;
  return ok(name, `can be used; ${length === 0 ? "no host runs" : `${counted(length, "host")} running`}`);
}

/** @param refusals why a group of orders cannot be used, by group; null if it can */
export function judgeOrderGroups(refusals: ReadonlyMap<string, string | null>): Check {
  const refused = [...refusals].filter(([, reason]) => reason !== null);
  const [first] = refused;
  const name = "groups of orders";
  if (first === undefined) return ok(name, `can be used: ${namesText([...refusals.keys()])}`);
  return warning(
    name,
    `cannot be used: ${namesText(refused.map(([id]) => id))} (${first[1]})`,
    "grant READ and DESCRIBE on them, so that hosts see the orders of topics hold, rewind and rebuild",
  );
}

/** What holds one topic: an order, its declaration, or both. */
export interface TopicHold {
  readonly order: HoldOrder | null;
  readonly declared: SourceRef | null;
}

const NAMED_HOLDS = 20;

/** Held topics. Somebody wants that, so it is never a fault. */
export function judgeHolds(held: ReadonlyMap<string, TopicHold>): Check[] {
  const rest = held.size - NAMED_HOLDS;
  return [
    ...[...held]
      .slice(0, NAMED_HOLDS)
      .map(([topic, hold]) => ok(`topic ${topic}`, `is not read: ${heldText(topic, hold)}`)),
    ...(rest > 0 ? [ok("held topics", `${counted(rest, "more topic")} held`)] : []),
  ];
}

function heldText(topic: string, { order, declared }: TopicHold): string {
  return [
    ...(order === null
      ? []
      : [
          `${holdWords(order)}, since ${new Date(order.at).toISOString()} (penstock topics release ${topic} ends that)`,
        ]),
    ...(declared === null ? [] : [`\`hold: true\` in ${placeText(declared)}`]),
  ].join("; ");
}

/** Above this share of the limit, a few more topics or hosts may be too many. */
const ROOMY = 0.8;

/** @param neededBytes size of the group's record with these hosts and all topics @param limitBytes Kafka's limit */
export function judgeRoom(id: string, hosts: number, neededBytes: number, limitBytes: number): Check[] {
  if (neededBytes < ROOMY * limitBytes) return [];
  const seen = `with all topics and ${counted(hosts, "host")} it needs ${neededBytes} bytes in one record of __consumer_offsets, which accepts ${limitBytes} (max.message.bytes)`;
  const remedy =
    "raise max.message.bytes of __consumer_offsets, or give some hosts their own topics and another kafka.group";
  const name = `room in group ${id}`;
  return neededBytes > limitBytes
    ? [failed(name, `${seen}: some topics will not be read`, remedy)]
    : [warning(name, seen, remedy)];
}

/** @param tried why no record of a topic could be read; null if one was @param others the number of topics not tried */
export function judgeReading(tried: ReadonlyMap<string, string | null>, others: number): Check[] {
  const read = [...tried].filter(([, reason]) => reason === null).map(([topic]) => topic);
  const rest = others === 0 ? "" : `; ${counted(others, "more topic")} not tried`;
  return [
    ...(read.length === 0 ? [] : [ok("reading", `read a record of ${namesText(read)}${rest}`)]),
    ...[...tried].flatMap(([topic, reason]) =>
      reason === null ? [] : [failed(`reading ${topic}`, reason, readingRemedy(reason))],
    ),
  ];
}

/** The state of the dead-letter topic. */
export type DeadLetterFacts =
  | { readonly kind: "there"; readonly config: TopicConfig | Refused }
  /** `refusal`: why it cannot be created; null if it can. */
  | { readonly kind: "absent"; readonly refusal: string | null };

/** @param largestBytes the largest `max.message.bytes` of the declared topics; 0 if unknown */
export function judgeDeadLetters(topic: string, facts: DeadLetterFacts, largestBytes: number): Check[] {
  const name = `dead-letter topic ${topic}`;
  if (facts.kind === "absent") {
    return facts.refusal === null
      ? [ok(name, "does not exist yet; it can and will be created with the first dead letter")]
      : [
          failed(
            name,
            `it does not exist and cannot be created: ${facts.refusal}`,
            "create it with retention.ms=-1 and max.message.bytes=16777216, or grant CREATE; a rejected record stalls its partition until then",
          ),
        ];
  }
  const { config } = facts;
  if (isRefused(config))
    return [
      warning(
        name,
        `it exists, but its settings cannot be read: ${config.refused}`,
        "grant DESCRIBE_CONFIGS on it",
      ),
    ];
  const checks: Check[] = [];
  const { retentionMs, maxMessageBytes, cleanupPolicy } = config;
  if (retentionMs !== null && retentionMs >= 0) {
    const seen = `dead letters are deleted after ${durationText(retentionMs)} (retention.ms ${retentionMs})`;
    checks.push(warning(name, seen, "set its retention.ms to -1: deleted letters cannot be replayed"));
  }
  if (maxMessageBytes !== null && maxMessageBytes < largestBytes) {
    const seen = `max.message.bytes is ${maxMessageBytes}, but records may have up to ${largestBytes}`;
    checks.push(warning(name, seen, "raise it: letters that do not fit are stored without their value"));
  }
  if (cleanupPolicy?.includes("compact")) {
    const seen =
      "its cleanup.policy is compact: letters with the same key replace each other, and those without a key are refused";
    checks.push(failed(name, seen, "set its cleanup.policy to delete"));
  }
  return checks.length > 0 ? checks : [ok(name, "it exists and keeps its letters (writing was not tried)")];
}
