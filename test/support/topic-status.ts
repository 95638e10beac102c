import type { TopicSample } from "../../infra/host/live/history.ts";
import { lagOf, movedOf } from "../../infra/host/topic/topic-figures.ts";
import { bareSpecification } from "../../lib/rules/model/specification.ts";
import type { ListedTopic, TargetStatus } from "../../lib/rules/progress/holdings.ts";
import type { PartitionStatus, TopicStatus } from "../../lib/rules/progress/status.ts";

/** The part that the history uses. */
export function sampleOf({ topic, counts, partitions }: TopicStatus): TopicSample {
  return { topic, moved: movedOf(counts), lag: lagOf(partitions) };
}

/** A running topic without lag, with the given changes. */
export function topicStatus(changes: Partial<TopicStatus> = {}): TopicStatus {
  const topic = changes.topic ?? "golang_log";
  return {
    topic,
    state: "running",
    reason: null,
    remedy: null,
    trouble: null,
    since: "2026-11-22T12:00:00.000Z",
    downSince: null,
    hold: null,
    sources: [{ kind: "config", name: "config.yaml", revision: null, entry: 0 }],
    spec: bareSpecification(topic),
    partitions: [partitionStatus()],
    counts: { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 },
    gaveWay: {},
    lost: [],
    ...changes,
  };
}

/** As `GET /topics` shows it; its target was not asked about yet. */
export function listedTopic(changes: Partial<ListedTopic> = {}): ListedTopic {
  const { target = null, rebuild = null, ...others } = changes;
  return { ...topicStatus(others), target, rebuild };
}

/** A data stream of five generations, with the given changes. */
export function targetStatus(changes: Partial<TargetStatus> = {}): TargetStatus {
  return {
    name: "logs-app-prod",
    kind: "data stream",
    generations: 5,
    documents: 12_400_000,
    topicDocuments: null,
    bytes: 3_328_599_655,
    from: Date.UTC(2026, 10, 1, 8, 5),
    to: Date.UTC(2026, 10, 22, 11, 59),
    retentionMs: 30 * 86_400_000,
    at: Date.UTC(2026, 10, 22, 12),
    reason: null,
    warning: null,
    ...changes,
  };
}

/** An owned partition without lag, with the given changes. */
export function partitionStatus(changes: Partial<PartitionStatus> = {}): PartitionStatus {
  return {
    partition: 0,
    owned: true,
    committed: 10,
    highWatermark: 10,
    sent: 0,
    lag: 0,
    progressAt: null,
    lagAt: null,
    oldestUnreadAt: null,
    deletableAt: null,
    ...changes,
  };
}
