import type { PartitionStatus, TopicState, TopicStatus, TopicTrouble } from "./status.ts";
import type { Trouble } from "./stall.ts";

export interface TroubledInput extends Pick<TopicStatus, "state" | "since" | "downSince" | "partitions"> {
  /** Records that are retried; null: none. */
  readonly trouble: Trouble | null;
  /** Failed starts in a row. */
  readonly failures: number;
}

/** Whether a topic in this state gets nowhere. */
function isDown(state: TopicState): boolean {
  return state === "failed" || state === "stalled";
}

/** What a topic in trouble risks, from the first refused try on; null if it is in none. */
export function troubleOf(input: TroubledInput): TopicTrouble | null {
  const { state, since, downSince, partitions, trouble, failures } = input;
  if (state === "held" || (trouble === null && !isDown(state))) return null;
  const waiting = partitions.filter(({ owned, lag }) => owned && (lag ?? 0) > 0);
  const began = trouble === null ? Date.parse(downSince ?? since) : trouble.sinceMs;
  return {
    since: new Date(began).toISOString(),
    attempts: trouble?.attempts ?? failures,
    code: trouble?.retry?.code ?? null,
    partitions: waiting.map(({ partition }) => partition),
    records: waiting.length === 0 ? null : waiting.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    oldestAt: earliest(waiting, ({ oldestUnreadAt }) => oldestUnreadAt),
    deletableAt: earliest(waiting, ({ deletableAt }) => deletableAt),
  };
}

function earliest(
  partitions: readonly PartitionStatus[],
  timeOf: (partition: PartitionStatus) => number | null,
): number | null {
  const times = partitions.flatMap((one) => timeOf(one) ?? []);
  return times.length === 0 ? null : Math.min(...times);
}
