import type { TopicSample } from "../../infra/host/live/history.ts";
import { lagOf, movedOf } from "../../infra/host/topic/topic-figures.ts";
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
    since: "2026-11-22T12:00:00.000Z",
    downSince: null,
    sources: [{ kind: "config", name: "config.yaml", revision: null, entry: 0 }],
    spec: {
      topic,
      index: topic,
      path: null,
      startAt: "earliest",
      format: "text",
      timestamp: null,
      message: null,
      pipeline: null,
      dataStream: null,
      retention: null,
      rejected: "flatten",
    },
    partitions: [partitionStatus()],
    counts: { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 },
    gaveWay: {},
    lost: [],
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
    lag: 0,
    progressAt: null,
    lagAt: null,
    oldestUnreadAt: null,
    deletableAt: null,
    ...changes,
  };
}
