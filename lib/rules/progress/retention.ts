import type { TopicConfig } from "../diagnosis/kafka.ts";
import type { PartitionStatus } from "./status.ts";

/**
 * How long a topic keeps a record, in milliseconds.
 * @returns null where nobody can tell: it is kept for ever, deleted by size (how soon depends on what is yet to be
 *   written), or by its key (compaction), or the broker does not say
 */
export function keptForMs({ retentionMs, retentionBytes, cleanupPolicy }: TopicConfig): number | null {
  if (cleanupPolicy !== "delete" || retentionMs === null || retentionMs < 0) return null;
  return retentionBytes === null || retentionBytes >= 0 ? null : retentionMs;
}

/** A topic whose oldest unread record is younger has nothing to fear yet, and is not asked for its retention. */
const BEHIND_MS = 60_000;

/** Whether it matters how long the topic keeps what the partition has not read. */
export function isBehind({ owned, oldestUnreadAt }: PartitionStatus, now: number): boolean {
  return owned && oldestUnreadAt !== null && now - oldestUnreadAt >= BEHIND_MS;
}

/** The partitions with when Kafka may delete what waits in them; a segment goes with its youngest record, so not before. */
export function withDeletion(
  partitions: readonly PartitionStatus[],
  keptMs: number | null,
  now: number,
): readonly PartitionStatus[] {
  if (keptMs === null) return partitions;
  return partitions.map((partition) =>
    isBehind(partition, now) && partition.oldestUnreadAt !== null
      ? { ...partition, deletableAt: partition.oldestUnreadAt + keptMs }
      : partition,
  );
}
