import type { StoredOrder } from "../../lib/rules/offsets/order-groups.ts";
import type { KafkaDiagnosis } from "../../lib/adapters/kafka/queries/diagnosis.ts";
import { type Check, checksOf, isRefused } from "../../lib/rules/diagnosis/check.ts";
import {
  judgeBrokers,
  judgeDeadLetters,
  judgeGroup,
  judgeOrderGroups,
  judgeReading,
  judgeRetention,
  judgeRoom,
  judgeTopics,
} from "../../lib/rules/diagnosis/kafka.ts";
import { judgeHistory } from "../../lib/rules/history/history-check.ts";
import type { HistorySettings } from "../../lib/rules/model/settings.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import { DEFAULT_RECORD_LIMIT_BYTES, groupBytes } from "../../lib/rules/group/record-size.ts";
import { orderGroup, orderKinds } from "../../lib/rules/offsets/order-groups.ts";
import { attempt, attemptEach, type Bounds } from "./attempt.ts";

export interface DiagnoseKafkaDeps extends Bounds {
  readonly kafka: Omit<KafkaDiagnosis, "close">;
  /** The orders to hold topics. @throws PenstockError `kafka_unavailable`, `kafka_refused` */
  readHolds(signal: AbortSignal): Promise<readonly StoredOrder[]>;
}

const { skipped, failed, warning } = checksOf("kafka");

/** A sample is enough. */
const READ_TOPICS = 5;
/** The topic in which Kafka stores its groups. */
const GROUPS_TOPIC = "__consumer_offsets";

export interface BrokerFindings {
  readonly checks: readonly Check[];
  /** Partition counts by topic; null if Kafka did not say. */
  readonly inKafka: ReadonlyMap<string, number> | null;
}

/** Tries every configured broker and every advertised address, then asks for the topics. */
export async function diagnoseBrokers(
  brokers: readonly string[],
  deps: DiagnoseKafkaDeps,
): Promise<BrokerFindings> {
  const advertised = new Set<string>();
  const reach = async (address: string, signal: AbortSignal): Promise<void> => {
    for (const name of await deps.kafka.reach(address, signal)) advertised.add(name);
  };
  const configured = await attemptEach(deps, brokers, reach);
  const others = [...advertised].filter((address) => !configured.has(address));
  const reached = new Map([...configured, ...(await attemptEach(deps, others, reach))]);
  const reasons = new Map([...reached].map(([name, error]) => [name, error && messageOf(error)]));
  const checks = judgeBrokers(reasons, advertised);
  if (![...reached.values()].includes(null)) return { checks, inKafka: null };
  const topics = await attempt(deps, (signal) => deps.kafka.topics(signal));
  if (topics.ok) return { checks, inKafka: topics.value };
  const seen = messageOf(topics.error);
  return {
    checks: [...checks, failed("topics", seen, "check the brokers above and Kafka's log")],
    inKafka: null,
  };
}

export interface DiagnoseTopicsInput {
  /** Topic names, with patterns expanded. */
  readonly topics: readonly string[];
  readonly inKafka: ReadonlyMap<string, number> | null;
  readonly group: string;
  readonly deadLetterTopic: string;
  readonly history: HistorySettings | null;
}

/** Checks every declared topic, the group, the dead-letter topic and that of the history. */
export async function diagnoseTopics(input: DiagnoseTopicsInput, deps: DiagnoseKafkaDeps): Promise<Check[]> {
  const { topics, inKafka, group, deadLetterTopic } = input;
  if (inKafka === null) return [skipped("topics, group, dead letters", "Kafka does not answer")];
  const existing = topics.filter((topic) => inKafka.has(topic));
  const [configs, groupFacts, orders, limits, reading, deadLetters, history] = await Promise.all([
    attempt(deps, (signal) => deps.kafka.configs(existing, signal)),
    attempt(deps, (signal) => deps.kafka.group(group, signal)),
    orderGroupRefusals(group, deps),
    attempt(deps, (signal) => deps.kafka.configs(inKafka.has(GROUPS_TOPIC) ? [GROUPS_TOPIC] : [], signal)),
    tryReading(existing, deps),
    attempt(deps, (signal) => ownTopicFacts(deadLetterTopic, inKafka, deps, signal)),
    diagnoseHistory(input.history, inKafka, deps),
  ]);
  const sizes = configs.ok
    ? [...configs.value.values()].map((config) => (isRefused(config) ? 0 : (config.maxMessageBytes ?? 0)))
    : [];
  const counts = new Map(existing.map((topic) => [topic, inKafka.get(topic) ?? 0]));
  const hosts = groupFacts.ok && !isRefused(groupFacts.value) ? groupFacts.value.clientIds.length || 1 : 1;
  const limit = limits.ok ? limits.value.get(GROUPS_TOPIC) : undefined;
  const told = limit === undefined || isRefused(limit) ? null : limit.maxMessageBytes;
  return [
    ...judgeTopics(topics, inKafka),
    ...(configs.ok ? judgeRetention(configs.value) : [unseen("retention", configs.error)]),
    groupFacts.ok ? judgeGroup(group, groupFacts.value) : unseen(`group ${group}`, groupFacts.error),
    judgeOrderGroups(orders),
    ...judgeRoom(group, hosts, groupBytes(counts, hosts), told ?? DEFAULT_RECORD_LIMIT_BYTES),
    ...reading,
    ...(deadLetters.ok
      ? judgeDeadLetters(deadLetterTopic, deadLetters.value, Math.max(0, ...sizes))
      : [unseen(`dead-letter topic ${deadLetterTopic}`, deadLetters.error)]),
    ...history,
  ];
}

async function diagnoseHistory(
  history: HistorySettings | null,
  inKafka: ReadonlyMap<string, number>,
  deps: DiagnoseKafkaDeps,
): Promise<Check[]> {
  if (history === null) return [];
  const facts = await attempt(deps, (signal) => ownTopicFacts(history.topic, inKafka, deps, signal));
  return [
    facts.ok ? judgeHistory(history, facts.value) : unseen(`history topic ${history.topic}`, facts.error),
  ];
}

/** Why the groups of orders cannot be used, by group; null if they can. */
async function orderGroupRefusals(
  group: string,
  deps: DiagnoseKafkaDeps,
): Promise<ReadonlyMap<string, string | null>> {
  const answers = await Promise.all(
    orderKinds.map(async (kind) => {
      const id = orderGroup(group, kind);
      const facts = await attempt(deps, (signal) => deps.kafka.group(id, signal));
      if (!facts.ok) return [id, messageOf(facts.error)] as const;
      return [id, isRefused(facts.value) ? facts.value.refused : null] as const;
    }),
  );
  return new Map(answers);
}

/** Of a topic that hosts write to. */
async function ownTopicFacts(
  topic: string,
  inKafka: ReadonlyMap<string, number>,
  { kafka }: DiagnoseKafkaDeps,
  signal: AbortSignal,
) {
  if (!inKafka.has(topic)) {
    return { kind: "absent", refusal: await kafka.creationRefusal(topic, signal) } as const;
  }
  const config = (await kafka.configs([topic], signal)).get(topic) ?? { refused: "Kafka did not say" };
  return { kind: "there", config } as const;
}

async function tryReading(existing: readonly string[], deps: DiagnoseKafkaDeps): Promise<Check[]> {
  const tried = new Map<string, string | null>();
  await Promise.all(
    existing.slice(0, READ_TOPICS).map(async (topic) => {
      const read = await attempt(deps, (signal) => deps.kafka.readOne(topic, signal));
      // An empty topic shows nothing.
      if (!read.ok) tried.set(topic, messageOf(read.error));
      else if (read.value) tried.set(topic, null);
    }),
  );
  return judgeReading(tried, Math.max(0, existing.length - READ_TOPICS));
}

function unseen(name: string, error: Error): Check {
  return warning(
    name,
    `could not be checked: ${messageOf(error)}`,
    "run penstock doctor again, and look into Kafka's log",
  );
}
