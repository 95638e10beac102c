import type { PartitionsOf } from "../../lib/rules/group/protocol/subscription.ts";
import { seenAs, type SeenState, worstFirst } from "../../lib/rules/progress/status.ts";
import type { FleetTopic, HostReport, ReportedTopic } from "./model.ts";
import { countsOf, sumOf } from "./sums.ts";

/** What the host of this name says. */
export interface Report {
  readonly name: string;
  readonly isSelf: boolean;
  readonly report: HostReport;
}

export interface TopicsInput {
  readonly reports: readonly Report[];
  /** By the host's name. */
  readonly assigned: ReadonlyMap<string, PartitionsOf>;
  readonly partitionCounts: ReadonlyMap<string, number>;
  readonly topic: string;
  readonly limit: number;
}

interface Told {
  readonly host: string;
  readonly isSelf: boolean;
  readonly told: ReportedTopic;
}

/** The topics of all hosts, and who reads which partition: first those that somebody should look at, then by name. */
export function fleetTopics(input: TopicsInput): { topics: FleetTopic[]; topicCount: number } {
  const byTopic = new Map<string, Told[]>();
  for (const topic of input.partitionCounts.keys()) byTopic.set(topic, []);
  for (const { name, isSelf, report } of input.reports)
    for (const told of report.topics)
      byTopic.getOrInsertComputed(told.topic, () => []).push({ host: name, isSelf, told });
  const wanted = input.topic.toLowerCase();
  const names = [...byTopic.keys()].filter((topic) => topic.toLowerCase().includes(wanted)).sort();
  const topics = names
    .map((topic) => topicOf(topic, byTopic.get(topic) ?? [], input))
    .sort((a, b) => urgencyOf(a) - urgencyOf(b));
  return { topics: topics.slice(0, input.limit), topicCount: names.length };
}

/** Partitions that nobody reads come first, then trouble. */
function urgencyOf(topic: FleetTopic): number {
  if (topic.partitions.some(({ host }) => host === null)) return -1;
  const troubles: readonly (SeenState | null)[] = ["failed", "stalled", "retrying"];
  const at = troubles.indexOf(seenAs(topic));
  return at < 0 ? troubles.length : at;
}

function topicOf(
  topic: string,
  told: readonly Told[],
  { assigned, partitionCounts }: TopicsInput,
): FleetTopic {
  const owners = new Map<number, string>();
  const lags = new Map<number, number | null>();
  for (const {
    host,
    told: { owned },
  } of told)
    for (const [partition, lag] of owned) {
      owners.set(partition, host);
      lags.set(partition, lag);
    }
  // What the group decided last counts more than reports, each of which is from another moment.
  for (const [host, partitions] of assigned)
    for (const partition of partitions.get(topic) ?? []) owners.set(partition, host);
  const count = Math.max(partitionCounts.get(topic) ?? 0, 1 + Math.max(-1, ...owners.keys()));
  const worst = worstFirst.flatMap((state) => told.find((one) => seenAs(one.told) === state) ?? [])[0];
  return {
    topic,
    state: worst?.told.state ?? null,
    retrying: worst !== undefined && seenAs(worst.told) === "retrying",
    reason: reasonOf(worst),
    rate: sumOf(told.map((one) => one.told.rate)),
    lag: sumOf(lags.values()),
    counts: told.length === 0 ? null : countsOf(told.map((one) => one.told.counts)),
    partitions: Array.from({ length: count }, (_, partition) => ({
      partition,
      host: owners.get(partition) ?? null,
      lag: lags.get(partition) ?? null,
    })),
  };
}

function reasonOf(worst: Told | undefined): string | null {
  const reason = worst?.told.reason ?? null;
  return reason === null || worst === undefined || worst.isSelf ? reason : `on ${worst.host}: ${reason}`;
}
