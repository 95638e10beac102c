import { stalledAfterMs } from "../lib/rules/stall.ts";
import type { PartitionStatus, TopicStatus } from "../lib/rules/status.ts";

/** Whether something the host depends on works, as last seen. */
export interface SourceHealth {
  readonly ok: boolean;
  /** One sentence where it is not ok; null where it is. Holds no secret: `/readyz` is open. */
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

export interface ProgressCheck extends SourceHealth {
  /** Every stuck partition, as `topic/partition`. */
  readonly partitions: readonly string[];
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

function checkProgress(topics: readonly TopicStatus[], now: number): ProgressCheck {
  const stuck = topics.flatMap((topic) =>
    topic.partitions
      .filter((partition) => partition.owned && (partition.lag ?? 0) > 0)
      .map((partition) => ({
        name: `${topic.topic}/${partition.partition}`,
        at: progressAt(partition, topic) + stalledAfterMs,
      }))
      .filter(({ at }) => at <= now),
  );
  if (stuck.length === 0) return { ok: true, reason: null, since: null, partitions: [] };

  const names = stuck.map(({ name }) => name);
  const more = names.length > namedPartitions ? ` and ${names.length - namedPartitions} more` : "";
  return {
    ok: false,
    reason: `lag, but nothing committed for 60 s: ${names.slice(0, namedPartitions).join(", ")}${more}`,
    since: new Date(Math.min(...stuck.map(({ at }) => at))).toISOString(),
    partitions: names,
  };
}

/** A partition that never progressed is measured from when its topic entered its state. */
function progressAt(partition: PartitionStatus, topic: TopicStatus): number {
  return partition.progressAt ?? Date.parse(topic.since);
}
