import { namesText } from "../lib/rules/diagnosis/check.ts";
import { stalledAfterMs } from "../lib/rules/progress/stall.ts";
import type { Remedy } from "../lib/rules/remedies/remedy.ts";
import type { PartitionStatus, TopicStatus } from "../lib/rules/progress/status.ts";

/** Whether something that the host depends on works, as last seen. */
export interface SourceHealth {
  readonly ok: boolean;
  /** One sentence without secrets; null if ok. */
  readonly reason: string | null;
  /** When this state began, ISO 8601; null if unknown. */
  readonly since: string | null;
}

/** A snapshot of the host. */
export interface HealthInput {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the host started; milliseconds since the epoch. */
  readonly startedAt: number;
  /** etcd is null if it is not configured. */
  readonly sources: { readonly config: SourceHealth; readonly etcd: SourceHealth | null };
  readonly kafka: SourceHealth;
  readonly elasticsearch: SourceHealth;
  readonly topics: readonly TopicStatus[];
}

/** A topic that has stuck partitions, or does not reach `running`. */
export interface StuckTopic {
  readonly topic: string;
  /** Empty if the topic as a whole has been failed or starting for 60 s. */
  readonly partitions: readonly number[];
  /** When the first of them, or the topic, had made no progress for 60 s, ISO 8601. */
  readonly since: string;
  /** The topic's own reason; null if none. */
  readonly reason: string | null;
  /** What mends it; null if nobody can know. */
  readonly remedy: Remedy | null;
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
  /** Absent if etcd is not configured. */
  readonly etcd?: SourceHealth;
  readonly progress: ProgressCheck;
}

export interface HealthResult {
  readonly status: "ready" | "not ready";
  readonly checks: HealthChecks;
}

/** A thousand stuck partitions usually have one cause. */
const namedReasons = 3;
/** A host younger than this is not ready until its topics run. Later, an added topic does not make it unready. */
const youngMs = 60_000;
/** The longest wait for each topic: one that cannot join must not hold up a rolling update. */
const joinMs = 10_000;

/** Judges whether the host does its work. Without any topic there is nothing to do, so it is ready. */
export function health(input: HealthInput): HealthResult {
  const { config, etcd } = input.sources;
  const checks: HealthChecks = {
    config,
    kafka: input.kafka,
    elasticsearch: input.elasticsearch,
    ...(etcd === null ? {} : { etcd }),
    progress: checkProgress(input),
  };
  const ready = Object.values(checks).every((check: SourceHealth) => check.ok);
  return { status: ready ? "ready" : "not ready", checks };
}

function checkProgress({ topics: statuses, now, startedAt }: HealthInput): ProgressCheck {
  const topics = statuses.flatMap((topic) => stuckTopic(topic, now) ?? []);
  const partitions = topics.flatMap((stuck) => stuck.partitions.map((number) => `${stuck.topic}/${number}`));
  const since = topics.map((stuck) => stuck.since).toSorted()[0];
  if (since === undefined) return checkJoining(statuses, now, startedAt);

  const down = topics.filter((stuck) => stuck.partitions.length === 0).map(({ topic }) => topic);
  const why = [...new Set(topics.flatMap(({ reason }) => reason ?? []))].slice(0, namedReasons);
  return {
    ok: false,
    reason: [
      ...(partitions.length > 0 ? [`lag, but nothing committed for 60 s: ${namesText(partitions)}`] : []),
      ...(down.length > 0 ? [`not running for 60 s: ${namesText(down)}`] : []),
      ...why,
    ].join("; "),
    since,
    partitions,
    topics,
  };
}

function checkJoining(statuses: readonly TopicStatus[], now: number, startedAt: number): ProgressCheck {
  const rest = { partitions: [], topics: [] };
  const joining = statuses.filter(
    ({ state, downSince, counts }) =>
      state === "starting" &&
      downSince !== null &&
      now - Date.parse(downSince) < joinMs &&
      // A topic that has moved records on this host ran before, and restarts because of a problem of its own.
      Object.values(counts).every((count: number) => count === 0),
  );
  if (joining.length === 0 || now - startedAt >= youngMs)
    return { ok: true, reason: null, since: null, ...rest };
  const reason = `this host is new, and some topics do not run yet: ${namesText(joining.map(({ topic }) => topic))}`;
  return { ok: false, reason, since: new Date(startedAt).toISOString(), ...rest };
}

function stuckTopic(status: TopicStatus, now: number): StuckTopic | null {
  const { topic, reason, remedy, since, partitions } = status;
  // Nothing is read of a held topic, and nothing has to be.
  const stuck = (status.state === "held" ? [] : partitions).flatMap((partition) => {
    const at = progressAt(partition, since) + stalledAfterMs;
    const isStuck = partition.owned && (partition.lag ?? 0) > 0 && at <= now;
    return isStuck ? [{ partition: partition.partition, at }] : [];
  });
  const downAt = status.downSince === null ? Infinity : Date.parse(status.downSince) + stalledAfterMs;
  if (stuck.length === 0 && downAt > now) return null;
  return {
    topic,
    partitions: stuck.map(({ partition }) => partition),
    since: new Date(Math.min(...stuck.map(({ at }) => at), downAt)).toISOString(),
    reason,
    remedy,
  };
}

/** For a partition that never progressed, the time at which its topic entered its state. */
function progressAt(partition: PartitionStatus, topicSince: string): number {
  return partition.progressAt ?? Date.parse(topicSince);
}

/** Redacts health for callers without a token: what fails, but neither why nor for which topics. */
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
