import { type Hold, holdWords } from "./hold.ts";
import type { PartitionStatus, TopicState, TopicStatus } from "./status.ts";

/** A topic with lag and without a commit for this time is stalled. */
export const stalledAfterMs = 60_000;

/** Records without an outcome for this time are reported, before the topic is stalled. */
export const toldAfterMs = 10_000;

/** Records that currently get no outcome. */
export interface Trouble {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Why they are retried; null if there was no response yet. */
  readonly message: string | null;
}

/** A topic's state as its runner knows it. */
export interface KnownState {
  readonly state: TopicState;
  readonly reason: string | null;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Null while all sent records get their outcomes. */
  readonly trouble: Trouble | null;
  /** What holds the topic; null: nothing. */
  readonly hold: Hold | null;
}

/** When the first of these partitions stalled, in milliseconds since the epoch; null if none is stalled. */
function stalledSince(partitions: readonly PartitionStatus[], now: number): number | null {
  const times = partitions.flatMap(({ lag, progressAt }) =>
    (lag ?? 0) > 0 && progressAt !== null ? [progressAt + stalledAfterMs] : [],
  );
  const first = Math.min(...times);
  return first <= now ? first : null;
}

/** The displayed state. A stall is not an event: it follows from the clock, and is computed on every request. */
export function shownState(
  { state, reason, sinceMs, trouble, hold }: KnownState,
  partitions: readonly PartitionStatus[],
  now: number,
): Pick<TopicStatus, "state" | "reason" | "since"> {
  const since = new Date(sinceMs).toISOString();
  if (hold !== null && state === "held") {
    // What would keep it from reading anyway comes second.
    const words = reason === null ? holdWords(hold) : `${holdWords(hold)}; ${reason}`;
    return { state, reason: words, since: hold.since };
  }
  if (hold !== null && state !== "stopping")
    return { state, reason: reason === null ? holdWords(hold) : `${reason}; ${holdWords(hold)}`, since };
  if (state !== "running") return { state, reason, since };
  const stalledAtMs = stalledSince(partitions, now);
  if (stalledAtMs === null) {
    return { state, reason: trouble === null ? reason : retryReason(trouble), since };
  }
  return {
    state: "stalled",
    reason: trouble?.message ?? "no commit for 60 s although there is lag",
    since: new Date(stalledAtMs).toISOString(),
  };
}

function retryReason({ sinceMs, message }: Trouble): string {
  const since = new Date(sinceMs).toISOString();
  return message === null
    ? `no response to what was sent since ${since}`
    : `retrying since ${since}: ${message}`;
}
