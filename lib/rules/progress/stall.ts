import type { RetryReason } from "../model/record.ts";
import type { TopicCause } from "../remedies/topic.ts";
import { type Hold, holdWords } from "./hold.ts";
import type { PartitionStatus, TopicState, TopicStatus } from "./status.ts";

/** A topic with lag and without a commit for this time is stalled. */
export const stalledAfterMs = 60_000;

/** Records without an outcome for this time are reported, before the topic is stalled. */
export const toldAfterMs = 10_000;

/** Records that currently get no outcome. */
export interface Trouble {
  /** Since the first refused try of the oldest of them, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** How often they were refused since then. */
  readonly attempts: number;
  /** Why they are retried; null if there was no response yet. */
  readonly retry: RetryReason | null;
}

/** A topic's state as its runner knows it. */
export interface KnownState {
  readonly state: TopicState;
  readonly reason: string | null;
  /** What the reason is about; null: nothing to mend. */
  readonly cause: TopicCause | null;
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

/** What is displayed of a state. */
export interface ShownState extends Pick<TopicStatus, "state" | "reason" | "since"> {
  /** What the reason is about; null: nothing to mend. */
  readonly cause: TopicCause | null;
}

/** The displayed state. A stall is not an event: it follows from the clock, and is computed on every request. */
export function shownState(
  { state, reason, cause, sinceMs, trouble, hold }: KnownState,
  partitions: readonly PartitionStatus[],
  now: number,
): ShownState {
  const since = new Date(sinceMs).toISOString();
  if (hold !== null && state === "held") {
    // What would keep it from reading anyway comes second.
    const words = reason === null ? holdWords(hold) : `${holdWords(hold)}; ${reason}`;
    return { state, reason: words, cause, since: hold.since };
  }
  if (hold !== null && state !== "stopping")
    return {
      state,
      reason: reason === null ? holdWords(hold) : `${reason}; ${holdWords(hold)}`,
      cause,
      since,
    };
  if (state !== "running") return { state, reason, cause, since };
  const stalledAtMs = stalledSince(partitions, now);
  const retry = trouble?.retry ?? null;
  const ofTrouble = retry === null ? cause : ({ kind: "retry", retry } as const);
  if (stalledAtMs === null) {
    return { state, reason: trouble === null ? reason : retryReason(trouble), cause: ofTrouble, since };
  }
  return {
    state: "stalled",
    reason: retry?.message ?? "no commit for 60 s although there is lag",
    cause: ofTrouble,
    since: new Date(stalledAtMs).toISOString(),
  };
}

function retryReason({ sinceMs, retry }: Trouble): string {
  const since = new Date(sinceMs).toISOString();
  return retry === null
    ? `no response to what was sent since ${since}`
    : `retrying since ${since}: ${retry.message}`;
}
