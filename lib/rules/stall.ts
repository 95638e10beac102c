import type { RetryReason } from "./record.ts";
import type { PartitionStatus, TopicState, TopicStatus } from "./status.ts";

/** Lag without a commit for so long is a stall. */
export const stalledAfterMs = 60_000;

/** What a topic's runner knows of its state. */
export interface KnownState {
  readonly state: TopicState;
  readonly reason: string | null;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Why records are being tried again; null: they are not. */
  readonly trouble: RetryReason | null;
}

/** When the first of these partitions stalled, in milliseconds since the epoch; null: none did. */
export function stalledSince(partitions: readonly PartitionStatus[], now: number): number | null {
  const times = partitions.flatMap(({ lag, progressAt }) =>
    (lag ?? 0) > 0 && progressAt !== null ? [progressAt + stalledAfterMs] : [],
  );
  const first = Math.min(...times);
  return first <= now ? first : null;
}

/** The state as it is shown: a stall is no event but a look at the clock, worked out whenever somebody looks. */
export function shownState(
  { state, reason, sinceMs, trouble }: KnownState,
  partitions: readonly PartitionStatus[],
  now: number,
): Pick<TopicStatus, "state" | "reason" | "since"> {
  const since = new Date(sinceMs).toISOString();
  if (state !== "running") return { state, reason, since };
  const stalledAtMs = stalledSince(partitions, now);
  if (stalledAtMs === null) {
    return { state, reason: trouble === null ? reason : `trying again: ${trouble.message}`, since };
  }
  return {
    state: "stalled",
    reason: trouble?.message ?? "no commit for 60 s although there is lag",
    since: new Date(stalledAtMs).toISOString(),
  };
}
