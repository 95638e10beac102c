import type { OutcomeCounts, PartitionStatus } from "../../../lib/rules/progress/status.ts";

export interface TopicFigures {
  readonly topic: string;
  /** Records with an outcome since the host started. */
  readonly moved: number;
  /** Of these, dead letters. */
  readonly deadLettered: number;
  /** The sum over partitions owned by this host; null: unknown for all of them. */
  readonly lag: number | null;
  /** Whether this host owns partition 0: true on at most one of several hosts. */
  readonly readsFirst: boolean;
}

/** The lag of the partitions owned by this host; null: unknown for all of them. */
export function lagOf(partitions: readonly PartitionStatus[]): number | null {
  let sum: number | null = null;
  for (const { owned, lag } of partitions) if (owned && lag !== null) sum = (sum ?? 0) + lag;
  return sum;
}

/** When Kafka may delete the first waiting record, in milliseconds since the epoch; null: unknown, or no lag. */
export function firstDeletion(partitions: readonly PartitionStatus[]): number | null {
  const times = partitions.flatMap(({ deletableAt }) => deletableAt ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

export function movedOf({ indexed, duplicate, deadLettered, skipped }: OutcomeCounts): number {
  return indexed + duplicate + deadLettered + skipped;
}

/** Since when the slowest owned partition with lag made no progress, in milliseconds since the epoch; null: no lag. */
export function waitingSince(partitions: readonly PartitionStatus[]): number | null {
  let since: number | null = null;
  for (const { owned, lag, progressAt } of partitions) {
    if (owned && lag !== null && lag > 0 && progressAt !== null)
      since = Math.min(since ?? progressAt, progressAt);
  }
  return since;
}
