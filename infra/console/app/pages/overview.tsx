import type { HealthChecks } from "../../../../functions/health.ts";
import { topicStates } from "../../../../lib/rules/status.ts";
import type { OverviewMessage, SourceView } from "../../live-messages.ts";
import { Chart } from "../components/chart.tsx";
import { Count } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { CheckLabel, StateLabel } from "../components/state-label.tsx";
import { Age, Time } from "../components/times.tsx";
import { byteSize, duration, plural, ratePerSecond, shortCount } from "../format.ts";
import { useLive } from "../live.ts";

const checks: readonly {
  readonly name: keyof OverviewMessage["checks"];
  readonly label: string;
  /** What its failure means, as part of the first line; null: the topics say it. */
  readonly failing: string | null;
}[] = [
  { name: "config", label: "Config", failing: "config not taken, last good kept" },
  { name: "kafka", label: "Kafka", failing: "Kafka does not answer" },
  { name: "elasticsearch", label: "Elasticsearch", failing: "Elasticsearch does not answer" },
  { name: "etcd", label: "etcd", failing: "etcd not read, last good kept" },
  { name: "progress", label: "Progress", failing: null },
];

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
                <span class="bad lines">
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
          value={shortCount(seen.lag)}
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
      <States states={seen.states} />
      <Refused seen={seen} />
      <Sources sources={seen.sources} />
    </>
  );
}

function Verdict({ seen }: { readonly seen: OverviewMessage }) {
  const topics = topicStates.reduce((sum, state) => sum + seen.states[state], 0);
  const troubled = seen.states.failed + seen.states.stalled;
  const broken = checks.flatMap(({ name, failing }) => {
    const check = seen.checks[name];
    return failing !== null && check?.ok === false ? [{ name, failing, since: check.since }] : [];
  });
  if (troubled + broken.length > 0) {
    return (
      <Notice kind={seen.states.failed > 0 || broken.length > 0 ? "bad" : "warning"}>
        {troubled > 0 ? `${plural(troubled, "topic")} ${troubled === 1 ? "needs" : "need"} attention` : ""}
        {broken.map(({ name, failing, since }, at) => (
          <span key={name}>
            {troubled + at > 0 ? " · " : ""}
            {failing}
            {since === null ? null : (
              <>
                {" "}
                for <Age since={Date.parse(since)} />
              </>
            )}
          </span>
        ))}
      </Notice>
    );
  }
  if (topics === 0) {
    return (
      <Notice kind="info">
        No topics are declared. Add one under <a href="/ui/declarations">Declarations</a>, or in config.yaml:{" "}
        <code>topics: [my_topic]</code>.
      </Notice>
    );
  }
  const rest = topics - seen.states.running;
  if (rest === 0)
    return (
      <Notice kind="ok">
        {topics === 1 ? "The one topic is running." : `All ${plural(topics, "topic")} are running.`}
      </Notice>
    );
  const others = topicStates
    .filter((state) => state !== "running" && seen.states[state] > 0)
    .map((state) => `${shortCount(seen.states[state])} ${state}`);
  return (
    <Notice kind="info">{`${shortCount(seen.states.running)} of ${plural(topics, "topic")} running · ${others.join(" · ")}`}</Notice>
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

function Attention({ seen }: { readonly seen: OverviewMessage }) {
  const more = seen.states.failed + seen.states.stalled - seen.attention.length;
  if (seen.attention.length === 0) return null;
  return (
    <section>
      <h2>Needs attention</h2>
      <div class="scroll" tabindex={0} role="region" aria-label="Topics that need attention">
        <table>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Topic</th>
              <th scope="col">Reason</th>
              <th scope="col">For</th>
            </tr>
          </thead>
          <tbody>
            {seen.attention.map(({ topic, state, reason, since }) => (
              <tr key={topic}>
                <td>
                  <StateLabel state={state} />
                </td>
                <th scope="row">
                  <a href={`/ui/topics/${topic}`}>{topic}</a>
                </th>
                <td class="reason">
                  <Hostile text={reason ?? ""} />
                </td>
                <td>
                  <Age since={since} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 ? (
        <p>
          <a href="/ui/topics?state=failed,stalled">and {plural(more, "topic")} more</a>
        </p>
      ) : null}
    </section>
  );
}

function States({ states }: { readonly states: OverviewMessage["states"] }) {
  const present = topicStates.filter((state) => states[state] > 0);
  if (present.length === 0) return null;
  return (
    <section>
      <h2>States</h2>
      <ul class="chips">
        {present.map((state) => (
          <li key={state}>
            <a class="chip" href={`/ui/topics?state=${state}`}>
              <Count value={states[state]} /> <StateLabel state={state} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Refused({ seen }: { readonly seen: OverviewMessage }) {
  const { deadLettered } = seen.counts;
  // A source that failed as a whole says so among the checks already.
  const told = new Set(Object.values(seen.checks).map(({ reason }: HealthChecks["config"]) => reason));
  const refused = seen.refused.filter(({ reason }) => !told.has(reason));
  return (
    <section>
      <h2>Refused</h2>
      <ul class="plain-list">
        <li>
          {deadLettered === 0 ? (
            "No record was refused since the host started."
          ) : (
            <>
              {plural(deadLettered, "record")} dead-lettered since the host started.{" "}
              <a href="/ui/dead-letters">Dead letters</a>
            </>
          )}
        </li>
        {seen.lostOffsets > 0 ? (
          <li class="bad">
            {plural(seen.lostOffsets, "record")} deleted by Kafka before they could be read.
          </li>
        ) : null}
        {seen.conflicts > 0 ? (
          <li class="warning">
            {plural(seen.conflicts, "declaration")} overruled by another that says something else.{" "}
            <a href="/ui/reconcile">Reconcile</a>
          </li>
        ) : null}
        {refused.map(({ reason, lastGoodKept }) => (
          <li key={reason} class="bad lines">
            <Hostile text={reason} keep={"\n"} />
            {lastGoodKept ? " What it said before is kept." : ""}
          </li>
        ))}
        {seen.refusedCount > seen.refused.length ? (
          <li>and {plural(seen.refusedCount - seen.refused.length, "refusal")} more</li>
        ) : null}
      </ul>
    </section>
  );
}

function Sources({ sources }: { readonly sources: readonly SourceView[] }) {
  return (
    <section>
      <h2>Sources</h2>
      <div class="scroll" tabindex={0} role="region" aria-label="Sources of declarations">
        <table>
          <thead>
            <tr>
              <th scope="col">Source</th>
              <th scope="col">Last read</th>
              <th scope="col">Revision</th>
              <th scope="col" class="number">
                Declarations
              </th>
              <th scope="col">As it is now</th>
            </tr>
          </thead>
          <tbody>
            {sources.map(({ kind, name, lastSuccess, revision, declarations, error }) => (
              <tr key={kind}>
                <th scope="row">
                  {kind === "etcd" ? "etcd " : ""}
                  <Hostile text={name} />
                </th>
                <td>{lastSuccess === null ? "never" : <Time at={lastSuccess} />}</td>
                <td>{revision ?? "–"}</td>
                <td class="number">
                  <Count value={declarations} />
                </td>
                <td class={error === null ? "" : "bad"}>
                  {error === null ? "taken" : "not taken; what it said before is kept"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
