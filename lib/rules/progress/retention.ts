import type { PartitionStatus } from "./status.ts";

/** The relevant part of a topic's configuration. Null if the broker did not say. */
export interface TopicConfig {
  /** -1 means forever. */
  readonly retentionMs: number | null;
  /** Per partition; -1 means no limit. */
  readonly retentionBytes: number | null;
  readonly maxMessageBytes: number | null;
  /** `delete`, `compact` or both. */
  readonly cleanupPolicy: string | null;
}

/**
 * How long a topic keeps a record, in milliseconds.
 * @returns null if unknown: kept forever, deleted by size (when depends on future writes) or by key (compaction), or not
 *   reported by the broker
 */
export function keptForMs({ retentionMs, retentionBytes, cleanupPolicy }: TopicConfig): number | null {
  if (cleanupPolicy !== "delete" || retentionMs === null || retentionMs < 0) return null;
  return retentionBytes === null || retentionBytes >= 0 ? null : retentionMs;
}

/** Below this age of the oldest unread record a topic is not at risk, and its retention is not queried. */
const BEHIND_MS = 60_000;

/** Whether the partition is far enough behind for the topic's retention to matter. */
export function isBehind({ owned, oldestUnreadAt }: PartitionStatus, now: number): boolean {
  return owned && oldestUnreadAt !== null && now - oldestUnreadAt >= BEHIND_MS;
}

/**
 * Adds when Kafka may delete unread records. Not sooner, because a segment is deleted by the age of its newest record.
 * @param isTroubled its records get no outcome: then it matters from the first second
 */
export function withDeletion(
  partitions: readonly PartitionStatus[],
  keptMs: number | null,
  now: number,
  isTroubled = false,
): readonly PartitionStatus[] {
  if (keptMs === null) return partitions;
  return partitions.map((partition) =>
    partition.oldestUnreadAt !== null && (isBehind(partition, now) || (isTroubled && partition.owned))
      ? { ...partition, deletableAt: partition.oldestUnreadAt + keptMs }
      : partition,
  );
}
