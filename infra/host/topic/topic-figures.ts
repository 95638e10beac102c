import type { OutcomeCounts, PartitionStatus } from "../../../lib/rules/progress/status.ts";

/** What is looked at again and again of each topic. */
export interface TopicFigures {
  readonly topic: string;
  /** Records with an outcome, since the host started. */
  readonly moved: number;
  /** Of the partitions that this host owns; null: of none of them known. */
  readonly lag: number | null;
  /** Whether its first partition is this host's: of several hosts each topic has one of which that is so. */
  readonly readsFirst: boolean;
}

/** The lag of the partitions this host owns; null: of none of them known. */
export function lagOf(partitions: readonly PartitionStatus[]): number | null {
  let sum: number | null = null;
  for (const { owned, lag } of partitions) if (owned && lag !== null) sum = (sum ?? 0) + lag;
  return sum;
}

/** When Kafka may delete the first record that waits, milliseconds since the epoch; null: nobody can tell, or none is behind. */
export function firstDeletion(partitions: readonly PartitionStatus[]): number | null {
  const times = partitions.flatMap(({ deletableAt }) => deletableAt ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

/** Records with an outcome. */
export function movedOf({ indexed, duplicate, deadLettered, skipped }: OutcomeCounts): number {
  return indexed + duplicate + deadLettered + skipped;
}

/** Since when the slowest owned partition with lag has had no progress, milliseconds since the epoch; null: none has lag. */
export function waitingSince(partitions: readonly PartitionStatus[]): number | null {
  let since: number | null = null;
  for (const { owned, lag, progressAt } of partitions) {
    if (owned && lag !== null && lag > 0 && progressAt !== null)
      since = Math.min(since ?? progressAt, progressAt);
  }
  return since;
}
