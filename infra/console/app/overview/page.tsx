import { sizeText } from "../../../../lib/rules/base/units.ts";
import type { OverviewMessage, Series } from "../../../api/live-messages.ts";
import { lazily, Loading } from "../components/lazily.tsx";
import { CheckLabel } from "../components/state-label.tsx";
import { Figure } from "../parts/figure.tsx";
import { Time, Told } from "../components/times.tsx";
import { duration, plural, ratePerSecond, shortCount, unknown } from "../text/format.ts";
import { useLive } from "../state/live.ts";
import { Refused, Sources, Topics } from "./sections.tsx";
import { checks, Verdict } from "./verdict.tsx";

const Attention = lazily<{ readonly topics: OverviewMessage["attention"]; readonly count: number }>(
  async () => (await import("../trouble/attention.tsx")).Attention,
);
const HistoryCharts = lazily<{ readonly live: Series; readonly topic: string | null }>(
  async () => (await import("../charts/history-charts.tsx")).HistoryCharts,
);

/** Problems first, then throughput and lag, then the sources of declarations. */
export function Overview() {
  const seen = useLive<{ overview: OverviewMessage }, OverviewMessage>("/ui/events?view=overview", {
    overview: (_before, message) => message,
  });
  if (seen === null) return <Loading />;
  return (
    <>
      <h1 class="unseen">Overview</h1>
      <Verdict seen={seen} />
      {seen.attention.length === 0 ? null : <Attention topics={seen.attention} count={seen.attentionCount} />}
      <section class="checks" aria-label="Health">
        {checks.map(({ name, label }) => {
          const check = seen.checks[name];
          if (check === undefined) return null;
          const doubt = check.ok ? doubtOf(seen, name) : "";
          return (
            <div key={name} class="check">
              <CheckLabel state={check.ok ? (doubt === "" ? "ok" : "doubtful") : "bad"}>{label}</CheckLabel>
              {check.ok ? (
                <span class="warning">{doubt}</span>
              ) : (
                <span class="bad multiline">
                  <Told text={reasonOf(seen, name)} keep={"\n"} />
                </span>
              )}
            </div>
          );
        })}
      </section>
      <dl class="figures">
        <Figure name="Records" value={ratePerSecond(seen.rate)}>
          {shortCount(seen.counts.indexed)} indexed by this host since <Time at={seen.startedAt} />
        </Figure>
        <Figure name="Lag" value={seen.lag === null ? unknown : shortCount(seen.lag)}>
          {`${seen.lag === 1 ? "record" : "records"} behind, of this host's partitions`}
        </Figure>
        <Figure name="Longest stall" value={seen.waitingMs === null ? "none" : duration(seen.waitingMs)}>
          of a partition with lag and no commit
        </Figure>
        <Figure name="In memory" value={sizeText(seen.inFlight.bytes)}>
          of {sizeText(seen.inFlight.maxBytes)} at most
        </Figure>
        <Figure name="Refused" value={shortCount(seen.counts.deadLettered)}>
          {seen.counts.deadLettered === 0
            ? "by this host since it started"
            : "by this host; kept as dead letters"}
        </Figure>
      </dl>
      <HistoryCharts live={seen.history} topic={null} />
      <Topics seen={seen} />
      <Refused seen={seen} />
      <Sources sources={seen.sources} />
    </>
  );
}

/** What a check that passes would hide: whoever sees its mark must not look for the trouble elsewhere. */
function doubtOf({ states: { retrying }, notTaken }: OverviewMessage, name: string): string {
  if (name === "progress" && retrying > 0) return `${plural(retrying, "topic")} retrying, see above`;
  if (name === "elasticsearch" && notTaken.elasticsearch > 0)
    return `answers, but records of ${plural(notTaken.elasticsearch, "topic")} are tried again, see above`;
  if (name === "kafka" && notTaken.kafka > 0)
    return `answers, but dead letters of ${plural(notTaken.kafka, "topic")} cannot be written, see above`;
  return "";
}

function reasonOf({ checks: { progress, ...others }, attention }: OverviewMessage, name: string): string {
  // Each stalled topic has its own line below.
  if (name === "progress" && attention.length > 0 && progress.partitions.length > 0)
    return `${plural(progress.partitions.length, "partition")} without a commit for 60 s, see below`;
  return Object.entries({ ...others, progress }).find(([known]) => known === name)?.[1].reason ?? "";
}
