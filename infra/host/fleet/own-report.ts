import type { HostReport } from "../../../functions/fleet/model.ts";
import { countsOf, sumOf } from "../../../functions/fleet/sums.ts";
import { seenState, type TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { History } from "../live/history.ts";
import { lagOf } from "../topic/topic-figures.ts";

/** What this host tells the others. */
export function ownReport(
  host: string,
  statuses: readonly TopicStatus[],
  history: Pick<History, "rate" | "rateOf">,
): HostReport {
  return {
    host,
    rate: history.rate,
    lag: sumOf(statuses.map(({ partitions }) => lagOf(partitions))),
    counts: countsOf(statuses.map(({ counts }) => counts)),
    topics: statuses.map((status) => ({
      topic: status.topic,
      state: status.state,
      retrying: seenState(status) === "retrying",
      reason: status.reason,
      rate: history.rateOf(status.topic),
      counts: status.counts,
      owned: status.partitions
        .filter(({ owned }) => owned)
        .map(({ partition, lag: behind }) => [partition, behind] as const),
    })),
  };
}
