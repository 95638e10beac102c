import type { HealthChecks } from "../../../../functions/health.ts";
import { worstFirst } from "../../../../lib/rules/progress/status.ts";
import type { OverviewMessage, SourceView } from "../../../api/live-messages.ts";
import { Count, Rate } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { ShortSource } from "../components/source-name.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { Time } from "../components/times.tsx";
import { plural } from "../text/format.ts";
import { Table } from "../parts/table.tsx";

/** The busiest topics and their indices. */
export function Topics({ seen: { busiest, states } }: { readonly seen: OverviewMessage }) {
  const present = worstFirst.filter((state) => states[state] > 0);
  const count = present.reduce((sum, state) => sum + states[state], 0);
  if (count === 0) return null;
  return (
    <section>
      <h2>Topics</h2>
      <ul class="chips">
        {present.map((state) => (
          <li key={state}>
            <a class="chip" href={`/ui/topics?state=${state}`}>
              <Count value={states[state]} /> <StateLabel state={state} />
            </a>
          </li>
        ))}
      </ul>
      {busiest.length === 0 ? null : (
        <Table
          label="Topics that brought most"
          look=""
          columns={[
            "Topic, most moved first",
            "Target",
            ["Records/s", "number"],
            ["Lag", "number"],
            ["Indexed", "number"],
            "Declared in",
          ]}
        >
          <tbody>
            {busiest.map(({ topic, index, source, rate, lag, indexed }) => (
              <tr key={topic}>
                <th scope="row">
                  <a href={`/ui/topics/${topic}`}>{topic}</a>
                </th>
                <td>{index}</td>
                <td class="number">
                  <Rate value={rate} />
                </td>
                <td class="number">
                  <Count value={lag} />
                </td>
                <td class="number">
                  <Count value={indexed} />
                </td>
                <td>
                  <ShortSource source={source} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {count > busiest.length && busiest.length > 0 ? (
        <p>
          <a href="/ui/topics">All {plural(count, "topic")}</a>
        </p>
      ) : null}
    </section>
  );
}

export function Refused({ seen }: { readonly seen: OverviewMessage }) {
  const { deadLettered } = seen.counts;
  // The checks already report a source that failed as a whole.
  const told = new Set(Object.values(seen.checks).map(({ reason }: HealthChecks["config"]) => reason));
  const refused = seen.refused.filter(({ reason }) => !told.has(reason));
  return (
    <section>
      <h2>Refused</h2>
      <ul class="plain-list">
        <li>
          {deadLettered === 0 ? "No record was refused" : `${plural(deadLettered, "record")} dead-lettered`}{" "}
          by this host since it started at <Time at={seen.startedAt} />.{" "}
          <a href="/ui/dead-letters">Dead letters of all hosts</a>
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
        {refused.map(({ reason, lastGoodKept }, place) => (
          <li key={`${place} ${reason}`} class="bad multiline">
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

export function Sources({ sources }: { readonly sources: readonly SourceView[] }) {
  return (
    <section>
      <h2>Sources</h2>
      <Table
        label="Sources of declarations"
        look=""
        columns={["Source", "Last read", "Revision", ["Declarations", "number"], "As it is now"]}
      >
        <tbody>
          {sources.map(({ kind, name, ok, lastSuccess, revision, declarations }) => (
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
              <td class={ok === false ? "bad" : ""}>{takenText(ok)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

function takenText(ok: SourceView["ok"]): string {
  if (ok === null) return "not read yet";
  return ok ? "accepted" : "not accepted; what it said before is kept";
}
