import type { PartitionStatus, TopicState, TopicStatus } from "./status.ts";

/** Lag without a commit for so long is a stall. */
export const stalledAfterMs = 60_000;

/** What was sent and waits for an outcome for so long is told of, before it is a stall. */
export const toldAfterMs = 10_000;

/** Records that get no outcome right now. */
export interface Trouble {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Why they are tried again; null: nothing has been answered yet. */
  readonly message: string | null;
}

/** What a topic's runner knows of its state. */
export interface KnownState {
  readonly state: TopicState;
  readonly reason: string | null;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Null: what is sent gets its outcomes. */
  readonly trouble: Trouble | null;
}

/** When the first of these partitions stalled, in milliseconds since the epoch; null: none did. */
function stalledSince(partitions: readonly PartitionStatus[], now: number): number | null {
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
    return { state, reason: trouble === null ? reason : inVain(trouble), since };
  }
  return {
    state: "stalled",
    reason: trouble?.message ?? "no commit for 60 s although there is lag",
    since: new Date(stalledAtMs).toISOString(),
  };
}

function inVain({ sinceMs, message }: Trouble): string {
  const since = new Date(sinceMs).toISOString();
  return message === null
    ? `what was sent is not answered since ${since}`
    : `trying again since ${since}: ${message}`;
}
