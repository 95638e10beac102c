import type { OverviewMessage } from "../../live-messages.ts";
import { Chart } from "../components/chart.tsx";
import { Hostile } from "../components/hostile.tsx";
import { CheckLabel } from "../components/state-label.tsx";
import { Time } from "../components/times.tsx";
import { byteSize, duration, ratePerSecond, shortCount, unknown } from "../format.ts";
import { useLive } from "../live.ts";
import { Attention, Refused, Sources, Topics } from "../overview/sections.tsx";
import { checks, Verdict } from "../overview/verdict.tsx";

/** Trouble first: what is wrong, then how much moves and how far behind it is, then where it comes from. */
export function Overview() {
  const seen = useLive<{ overview: OverviewMessage }, OverviewMessage>("/ui/events?view=overview", {
    overview: (_before, message) => message,
  });
  if (seen === null) return <p class="muted">Loading…</p>;
  return (
    <>
      <h1 class="unseen">Overview</h1>
      <Verdict seen={seen} />
      <section class="checks" aria-label="Health">
        {checks.map(({ name, label }) => {
          const check = seen.checks[name];
          return check === undefined ? null : (
            <div key={name} class="check">
              <CheckLabel ok={check.ok}>{label}</CheckLabel>
              {check.ok ? null : (
                <span class="bad multiline">
                  <Hostile text={check.reason ?? ""} keep={"\n"} />
                </span>
              )}
            </div>
          );
        })}
      </section>
      <dl class="figures live-values">
        <Figure
          name="Records"
          value={ratePerSecond(seen.rate)}
          note={`${shortCount(seen.counts.indexed)} indexed since `}
          since={seen.startedAt}
        />
        <Figure
          name="Lag"
          value={seen.lag === null ? unknown : shortCount(seen.lag)}
          note={seen.lag === 1 ? "record behind" : "records behind"}
        />
        <Figure
          name="Longest wait"
          value={seen.waitingMs === null ? "none" : duration(seen.waitingMs)}
          note="of a partition with lag, without progress"
        />
        <Figure
          name="In flight"
          value={byteSize(seen.inFlight.bytes)}
          note={`of ${byteSize(seen.inFlight.maxBytes)}`}
        />
      </dl>
      <div class="charts live-values">
        <Chart title="Records per second" series={seen.history} of="rate" format={ratePerSecond} />
        <Chart title="Lag" series={seen.history} of="lag" format={shortCount} />
      </div>
      <Attention seen={seen} />
      <Topics seen={seen} />
      <Refused seen={seen} />
      <Sources sources={seen.sources} />
    </>
  );
}

function Figure({
  name,
  value,
  note,
  since,
}: {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly since?: number;
}) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class="large">{value}</span>
        <span class="muted">
          {note}
          {since === undefined ? null : <Time at={since} />}
        </span>
      </dd>
    </div>
  );
}
