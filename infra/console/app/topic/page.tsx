import { seenState, type TopicStatus } from "../../../../lib/rules/progress/status.ts";
import type { PartitionOwner } from "../../../../lib/rules/group/roster.ts";
import type { TopicMessage } from "../../../api/live-messages.ts";
import { HistoryCharts } from "../charts/history-charts.tsx";
import { Count } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { lazily, Loading } from "../components/lazily.tsx";
import { Notice } from "../components/notice.tsx";
import { SourceName } from "../components/source-name.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { Age, Time, Told } from "../components/times.tsx";
import { Remedy, TryNow } from "../trouble/remedy.tsx";
import { Waiting } from "../trouble/waiting.tsx";
import { HoldOrRelease } from "./hold-dialog.tsx";
import { Rewind } from "./rewind-dialog.tsx";
import { TopicLetters } from "./topic-letters.tsx";
import { TopicRebuild } from "./topic-rebuild.tsx";
import { TopicTarget } from "./topic-target.tsx";
import { optionText, targetOnce } from "../../../../lib/rules/plan/plan-rows.ts";
import { exactCount, plural } from "../text/format.ts";
import { useLive } from "../state/live.ts";
import { clock } from "../state/clock.ts";
import { useStore } from "../state/store.ts";
import { Figure } from "../parts/figure.tsx";
import { Table } from "../parts/table.tsx";

const LatestRecords = lazily<{ readonly topic: string }>(
  async () => (await import("../explore/results/latest.tsx")).Latest,
);

/** One topic: state, history, settings and their sources, dead letters and latest records. */
export function Topic({ topic }: { readonly topic: string }) {
  const path = `/ui/events?view=topic&topic=${topic}`;
  const seen = useLive<{ topic: TopicMessage }, TopicMessage>(path, { topic: (_before, message) => message });
  if (seen === null) return <Loading />;
  const { status } = seen;
  if (status === null) {
    return (
      <>
        <h1>{topic}</h1>
        <Notice kind="info">
          No source declares this topic on this host. <a href="/ui/declarations">Declarations</a>
        </Notice>
      </>
    );
  }
  const explore = `/ui/explore?topic=${topic}`;
  return (
    <>
      <div class="title">
        <h1>{topic}</h1>
        <a class="button" href={explore}>
          Explore
        </a>
        <a class="button" href={`/ui/declarations?topic=${topic}`}>
          Edit declaration
        </a>
        <HoldOrRelease topic={topic} hold={status.hold} />
        <Rewind topic={topic} />
      </div>
      <Sentence status={status} />
      <Conflicts seen={seen} />
      {status.state === "pending" && status.partitions.length === 0 ? null : (
        <HistoryCharts live={seen.history} topic={topic} />
      )}
      <Counts counts={status.counts} />
      <Partitions status={status} owners={seen.owners} />
      <TopicTarget target={status.target} />
      <TopicRebuild topic={topic} rebuild={status.rebuild} />
      <SpecificationTable status={status} />
      <Lost status={status} />
      <TopicLetters topic={topic} />
      <LatestRecords topic={topic} />
    </>
  );
}

function Sentence({ status }: { readonly status: TopicStatus }) {
  const { topic, state, reason, remedy, trouble, sources } = status;
  const since = Date.parse(trouble?.since ?? status.since);
  const [winner, ...others] = sources;
  return (
    <>
      <p class="sentence">
        <StateLabel state={seenState(status)} />
        {trouble === null ? "" : ", seen by this host"} since <Time at={since} /> (
        <Age since={since} />
        ).{" "}
        {winner === undefined ? null : (
          <>
            Declared in <SourceName source={winner} />
            {others.length > 0 ? `, and in ${plural(others.length, "other place")}` : ""}.
          </>
        )}
      </p>
      {reason === null ? null : (
        <Notice
          kind={state === "failed" ? "bad" : state === "pending" || state === "held" ? "info" : "warning"}
        >
          <Told text={reason} />
        </Notice>
      )}
      {remedy === null ? null : <Remedy remedy={remedy} />}
      {trouble === null ? null : <TryNow topic={topic} />}
      <Waiting one={atRisk(status)} />
      {state === "pending" ? (
        <p>
          {reason === null ? "Waiting for the topic to exist in Kafka. " : ""}It starts by itself; Penstock
          never creates it.
        </p>
      ) : null}
    </>
  );
}

/** The part of what a partition tells that is at risk first. */
function atRisk({ trouble, partitions }: TopicStatus): Parameters<typeof Waiting>[0]["one"] {
  const [oldest] = partitions
    .filter(({ deletableAt }) => deletableAt !== null)
    .toSorted((a, b) => (a.deletableAt ?? 0) - (b.deletableAt ?? 0));
  return {
    lag: trouble?.records ?? null,
    waiting: trouble?.partitions ?? [],
    attempts: trouble?.attempts ?? 0,
    oldestAt: trouble?.oldestAt ?? oldest?.oldestUnreadAt ?? null,
    deletableAt: trouble?.deletableAt ?? oldest?.deletableAt ?? null,
  };
}

function Conflicts({ seen: { conflicts } }: { readonly seen: TopicMessage }) {
  if (conflicts.length === 0) return null;
  return (
    <>
      {conflicts.map(({ winner, loser, differs }) => (
        <Notice key={JSON.stringify(loser)} kind="warning">
          <SourceName source={loser} /> differs; <SourceName source={winner} /> wins.
          <ul class="plain-list">
            {differs.map(({ field, from, to }) => (
              <li key={field}>
                <code>{field}</code> is <Hostile text={told(from)} />, not <Hostile text={told(to)} />
              </li>
            ))}
          </ul>
        </Notice>
      ))}
    </>
  );
}

function told(value: unknown): string {
  return value === null || value === undefined ? "not set" : JSON.stringify(value);
}

function Counts({ counts }: { readonly counts: TopicStatus["counts"] }) {
  const entries = [
    ["Indexed", counts.indexed],
    ["Duplicate", counts.duplicate],
    ["Dead-lettered", counts.deadLettered],
    ["Skipped", counts.skipped],
  ] as const;
  return (
    <dl class="figures live-values">
      {entries.map(([name, value]) => (
        <Figure key={name} name={name} value={<Count value={value} />}>
          by this host
        </Figure>
      ))}
    </dl>
  );
}

function Partitions({
  status: { partitions },
  owners,
}: {
  readonly status: TopicStatus;
  readonly owners: TopicMessage["owners"];
}) {
  if (partitions.length === 0) return null;
  return (
    <section>
      <h2>Partitions</h2>
      <Table
        label="Partitions"
        look="live-values"
        columns={[
          ["Partition", "number"],
          "Read by",
          ["Committed", "number"],
          ["High watermark", "number"],
          ["Lag", "number"],
          "Last progress",
        ]}
      >
        <tbody>
          {partitions.map(({ partition, owned, committed, highWatermark, lag, lagAt, progressAt }) => (
            <tr key={partition}>
              <th scope="row" class="number">
                {partition}
              </th>
              <td>
                <Owner owned={owned} owner={owners?.[partition]} />
              </td>
              <td class="number">{committed === null ? "–" : exactCount(committed)}</td>
              <td class="number">{highWatermark === null ? "–" : exactCount(highWatermark)}</td>
              <td class="number">
                <Count value={lag} />
                <AsOf at={lagAt} />
              </td>
              <td>{progressAt === null ? "–" : <Time at={progressAt} />}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

/** @param owner undefined if Kafka did not say yet who is in the group */
function Owner({
  owned,
  owner,
}: {
  readonly owned: boolean;
  readonly owner: PartitionOwner | null | undefined;
}) {
  if (owned) return <>this host</>;
  if (owner === undefined) return <span class="muted">not this host</span>;
  if (owner === null) return <span class="warning">no host</span>;
  return owner.address === null ? <>{owner.name}</> : <a href={owner.address}>{owner.name}</a>;
}

/** If the broker is unreachable, shows the last known number with its age. */
function AsOf({ at }: { readonly at: number | null }) {
  const now = useStore(clock);
  if (at === null || now - at < 30_000) return null;
  return (
    <span class="muted">
      {" "}
      as of <Time at={at} />
    </span>
  );
}

function SpecificationTable({ status: { spec } }: { readonly status: TopicStatus }) {
  return (
    <section>
      <h2>Specification</h2>
      <table>
        <tbody>
          {targetOnce(spec).map(([field, value]) => (
            <tr key={field}>
              <th scope="row">{field}</th>
              <td>
                {value === null ? <span class="muted">not set</span> : <Hostile text={optionText(value)} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Lost({ status: { lost } }: { readonly status: TopicStatus }) {
  if (lost.length === 0) return null;
  return (
    <section>
      <h2>Lost in Kafka</h2>
      <ul class="plain-list">
        {lost.map(({ partition, from, to, cause, at }) => (
          <li key={`${partition}/${from}/${at}`} class="bad">
            partition {partition}: offsets {exactCount(from)} to{" "}
            {to === null ? "unknown" : exactCount(to - 1)},{" "}
            {cause === "retention"
              ? "deleted by retention before they were read"
              : "not in this log: the topic was created again or cut off, or the group's offset was set by hand"}
            , noticed <Time at={Date.parse(at)} />
          </li>
        ))}
      </ul>
    </section>
  );
}
