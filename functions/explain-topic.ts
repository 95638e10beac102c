import type { KafkaOffsets } from "../lib/adapters/kafka/queries/offsets.ts";
import type { Merged } from "../lib/rules/declarations/desired.ts";
import { mergeDeclarations } from "../lib/rules/declarations/desired.ts";
import { isRefused } from "../lib/rules/diagnosis/check.ts";
import type {
  ExplainedDeadline,
  ExplainedDeclaration,
  ExplainedPartition,
  Explanation,
  LetterCount,
} from "../lib/rules/explanation/explanation.ts";
import { judgeTopic } from "../lib/rules/explanation/judge.ts";
import { settingsOf } from "../lib/rules/explanation/settings.ts";
import type { Declaration, Refusal } from "../lib/rules/model/declaration.ts";
import type { Settings } from "../lib/rules/model/settings.ts";
import type { ListedTopic } from "../lib/rules/progress/holdings.ts";
import { keptForMs } from "../lib/rules/progress/retention.ts";
import { attempt } from "./diagnose/attempt.ts";
import { diagnoseCluster, type DiagnoseElasticsearchDeps, diagnoseNodes } from "./diagnose/elasticsearch.ts";
import { diagnoseHoldings } from "./diagnose/holdings.ts";
import { diagnoseHolds } from "./diagnose/holds.ts";
import { diagnoseBrokers, type DiagnoseKafkaDeps, diagnoseTopics } from "./diagnose/kafka.ts";
import { ownerOf, type Owners } from "./fleet/owners.ts";

export interface ExplainInput {
  readonly topic: string;
  /** In order of precedence. */
  readonly declarations: readonly Declaration[];
  readonly refused: readonly Refusal[];
  readonly settings: Settings;
  /** As a host shows it; null: that host has no such topic, or none was asked. */
  readonly status: ListedTopic | null;
}

export interface ExplainDeps extends DiagnoseKafkaDeps, DiagnoseElasticsearchDeps {
  readonly offsets: Pick<KafkaOffsets, "ranges" | "committed">;
  /** Counts the topic's dead letters; not all, if there are too many to read in time. */
  countLetters(topic: string, signal: AbortSignal): Promise<LetterCount>;
  /** Who reads the topic; null if that is not known in time. Never throws. */
  currentOwners(this: void, topic: string): Promise<Owners>;
}

/**
 * Says everything about one topic, and what would mend it. Asks the servers, and changes nothing. Every question has a
 * deadline; what is not answered is left out, and a check says so.
 * @throws the reason of `deps.signal`, nothing else
 */
export async function explainTopic(input: ExplainInput, deps: ExplainDeps): Promise<Explanation> {
  const { topic, declarations, refused, settings, status } = input;
  const deadLetterTopic = settings.deadLetters.topic;
  const { group } = settings.kafka;
  const [brokers, nodes] = await Promise.all([
    diagnoseBrokers(settings.kafka.brokers, deps),
    diagnoseNodes(settings.elasticsearch, deps),
  ]);
  const { inKafka } = brokers;
  const exists = inKafka === null ? null : inKafka.has(topic);
  const merged = mergeDeclarations(declarations, exists === true ? [topic] : [], deadLetterTopic);
  const wanted = merged.desired.get(topic);
  const specs = wanted === undefined ? [] : [wanted.spec];
  const { answers } = nodes;
  const { held, checks: holdings } = await diagnoseHoldings({ specs, group, inKafka, answers }, deps);
  const desired = new Map(wanted === undefined ? [] : [[topic, wanted]]);
  const topics = wanted === undefined ? [] : [topic];
  const [kafka, holds, cluster, partitions, deadline, letters] = await Promise.all([
    diagnoseTopics({ topics, inKafka, group, deadLetterTopic, history: null }, deps),
    inKafka === null ? [] : diagnoseHolds(desired, deps),
    specs.length === 0
      ? []
      : diagnoseCluster(
          { specs, manageTemplates: settings.elasticsearch.manageTemplates, answers, held },
          deps,
        ),
    exists === true ? partitionsOf(input, wanted?.spec.startAt ?? null, deps) : [],
    exists === true && wanted !== undefined ? deadlineOf(input, wanted.spec.startAt, deps) : null,
    inKafka?.has(deadLetterTopic) === true
      ? attempt(deps, (signal) => deps.countLetters(topic, signal))
      : { ok: true as const, value: { letters: 0, complete: true } },
  ]);
  const checks = [...brokers.checks, ...kafka, ...holds, ...nodes.checks, ...cluster, ...holdings];
  const facts = {
    topic,
    exists,
    isDeclared: wanted !== undefined,
    refused: refused.filter(({ name }) => name === topic),
    status,
    partitions,
    checks,
    settings,
  };
  return {
    topic,
    at: new Date(deps.now()).toISOString(),
    ...judgeTopic(facts),
    declared: declaredAt(topic, merged),
    refused: facts.refused,
    settings: wanted === undefined ? [] : settingsOf(wanted),
    inKafka: exists,
    partitions,
    deadline,
    deadLetters: letters.ok ? letters.value : null,
    status,
    checks,
  };
}

function declaredAt(topic: string, { desired, conflicts }: Merged): ExplainedDeclaration[] {
  const sources = desired.get(topic)?.sources ?? [];
  return sources.map((source, at) => ({
    source,
    wins: at === 0,
    differs: conflicts.find((one) => one.topic === topic && one.loser === source)?.differs ?? [],
  }));
}

async function partitionsOf(
  { topic, settings, status }: ExplainInput,
  startAt: string | null,
  deps: ExplainDeps,
): Promise<readonly ExplainedPartition[]> {
  const [found, owners] = await Promise.all([
    attempt(deps, (signal) =>
      Promise.all([
        deps.offsets.ranges(topic, signal),
        deps.offsets.committed(settings.kafka.group, topic, signal),
      ]),
    ),
    deps.currentOwners(topic),
  ]);
  // The checks of the topic and of the group say why not.
  if (!found.ok) return [];
  const [ranges, commits] = found.value;
  const owned = new Map(status?.partitions.map((one) => [one.partition, one.owned]));
  const inOrder = [...ranges].toSorted(([one], [other]) => one - other);
  return inOrder.map(([partition, { start, end }]) => {
    const committed = commits.get(partition)?.offset ?? null;
    const next = committed ?? (startAt === "earliest" ? start : null);
    const lag = next === null ? null : Math.max(0, end - Math.max(start, next));
    const owner = ownerOf(owners, partition);
    return { partition, start, end, committed, lag, owned: owned.get(partition) ?? null, owner };
  });
}

async function deadlineOf(
  { topic, settings }: ExplainInput,
  startAt: string,
  deps: ExplainDeps,
): Promise<ExplainedDeadline | null> {
  const [oldest, configs] = await Promise.all([
    attempt(deps, (signal) =>
      deps.kafka.oldestUnread({ topic, group: settings.kafka.group, startAt }, signal),
    ),
    attempt(deps, (signal) => deps.kafka.configs([topic], signal)),
  ]);
  if (!oldest.ok || oldest.value === null) return null;
  const config = configs.ok ? configs.value.get(topic) : undefined;
  const keptMs = config === undefined || isRefused(config) ? null : keptForMs(config);
  return { oldestAt: oldest.value, deletableAt: keptMs === null ? null : oldest.value + keptMs };
}
