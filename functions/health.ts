import { stalledAfterMs } from "../lib/rules/stall.ts";
import type { PartitionStatus, TopicStatus } from "../lib/rules/status.ts";

/** Whether something the host depends on works, as last seen. */
export interface SourceHealth {
  readonly ok: boolean;
  /** One sentence where it is not ok; null where it is. Holds no secret. */
  readonly reason: string | null;
  /** When it became so, ISO 8601; null: not known. */
  readonly since: string | null;
}

/** A snapshot of the host. */
export interface HealthInput {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** etcd is null where it is not configured. */
  readonly sources: { readonly config: SourceHealth; readonly etcd: SourceHealth | null };
  readonly kafka: SourceHealth;
  readonly elasticsearch: SourceHealth;
  readonly topics: readonly TopicStatus[];
}

/** A topic of which partitions are stuck. */
export interface StuckTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
  /** When the first of them had been without progress for 60 s, ISO 8601. */
  readonly since: string;
  /** What the topic says of itself; null: nothing. */
  readonly reason: string | null;
}

export interface ProgressCheck extends SourceHealth {
  /** Every stuck partition, as `topic/partition`. */
  readonly partitions: readonly string[];
  /** The same by topic, with the reasons. */
  readonly topics: readonly StuckTopic[];
}

export interface HealthChecks {
  readonly config: SourceHealth;
  readonly kafka: SourceHealth;
  readonly elasticsearch: SourceHealth;
  /** Absent where etcd is not configured. */
  readonly etcd?: SourceHealth;
  readonly progress: ProgressCheck;
}

export interface HealthResult {
  readonly status: "ready" | "not ready";
  readonly checks: HealthChecks;
}

/** How many partitions a reason names; a thousand stuck ones have one cause. */
const namedPartitions = 10;
const namedReasons = 3;

/** Says whether the host does its work; without any topic there is none to do, so it is ready. */
export function health(input: HealthInput): HealthResult {
  const { config, etcd } = input.sources;
  const checks: HealthChecks = {
    config,
    kafka: input.kafka,
    elasticsearch: input.elasticsearch,
    ...(etcd === null ? {} : { etcd }),
    progress: checkProgress(input.topics, input.now),
  };
  const ready = Object.values(checks).every((check: SourceHealth) => check.ok);
  return { status: ready ? "ready" : "not ready", checks };
}

function checkProgress(statuses: readonly TopicStatus[], now: number): ProgressCheck {
  const topics = statuses.flatMap((topic) => stuckTopic(topic, now) ?? []);
  const names = topics.flatMap(({ topic, partitions }) => partitions.map((number) => `${topic}/${number}`));
  const since = topics.map((stuck) => stuck.since).toSorted()[0];
  if (since === undefined) return { ok: true, reason: null, since: null, partitions: [], topics: [] };

  const more = names.length > namedPartitions ? ` and ${names.length - namedPartitions} more` : "";
  const why = [...new Set(topics.flatMap(({ reason }) => reason ?? []))].slice(0, namedReasons);
  return {
    ok: false,
    reason: [
      `lag, but nothing committed for 60 s: ${names.slice(0, namedPartitions).join(", ")}${more}`,
      ...why,
    ].join("; "),
    since,
    partitions: names,
    topics,
  };
}

function stuckTopic({ topic, reason, since, partitions }: TopicStatus, now: number): StuckTopic | null {
  const stuck = partitions.flatMap((status) => {
    const at = progressAt(status, since) + stalledAfterMs;
    const isStuck = status.owned && (status.lag ?? 0) > 0 && at <= now;
    return isStuck ? [{ partition: status.partition, at }] : [];
  });
  if (stuck.length === 0) return null;
  return {
    topic,
    partitions: stuck.map(({ partition }) => partition),
    since: new Date(Math.min(...stuck.map(({ at }) => at))).toISOString(),
    reason,
  };
}

/** A partition that never progressed is measured from when its topic entered its state. */
function progressAt(partition: PartitionStatus, topicSince: string): number {
  return partition.progressAt ?? Date.parse(topicSince);
}

/** The same for strangers: what fails, and neither why nor of which topics, whose names tell of their owner. */
export function withoutReasons({ status, checks }: HealthResult): HealthResult {
  const { config, kafka, elasticsearch, etcd, progress } = checks;
  const bare = ({ ok, since }: SourceHealth): SourceHealth => ({ ok, since, reason: null });
  const counts = `partitions: ${progress.partitions.length}, topics: ${progress.topics.length}`;
  return {
    status,
    checks: {
      config: bare(config),
      kafka: bare(kafka),
      elasticsearch: bare(elasticsearch),
      ...(etcd !== undefined && { etcd: bare(etcd) }),
      progress: { ...bare(progress), reason: progress.ok ? null : counts, partitions: [], topics: [] },
    },
  };
}
