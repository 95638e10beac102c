import type { HostReport } from "../../../functions/fleet/model.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { History } from "../live/history.ts";
import { lagOf } from "../topic/topic-figures.ts";

/** What this host tells the others. */
export function ownReport(
  host: string,
  statuses: readonly TopicStatus[],
  history: Pick<History, "rate" | "rateOf">,
): HostReport {
  const counts = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
  let lag: number | null = null;
  for (const status of statuses) {
    counts.indexed += status.counts.indexed;
    counts.duplicate += status.counts.duplicate;
    counts.deadLettered += status.counts.deadLettered;
    counts.skipped += status.counts.skipped;
    const behind = lagOf(status.partitions);
    if (behind !== null) lag = (lag ?? 0) + behind;
  }
  return {
    host,
    rate: history.rate,
    lag,
    counts,
    topics: statuses.map((status) => ({
      topic: status.topic,
      state: status.state,
      reason: status.reason,
      rate: history.rateOf(status.topic),
      counts: status.counts,
      owned: status.partitions
        .filter(({ owned }) => owned)
        .map(({ partition, lag: behind }) => [partition, behind] as const),
    })),
  };
}
