import { useEffect } from "../hooks/hooks.ts";
import type { FleetResult } from "../../../../functions/fleet/model.ts";
import { Count, Rate } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { Loading } from "../components/lazily.tsx";
import { Notice } from "../components/notice.tsx";
import { Time } from "../components/times.tsx";
import { Figure } from "../parts/figure.tsx";
import { Filter } from "../parts/filter.tsx";
import { Problem } from "../parts/problem.tsx";
import { usePlace } from "../state/router.ts";
import { useAnswer, type Answer } from "../state/use-answer.ts";
import { plural } from "../text/format.ts";
import { Hosts } from "./hosts.tsx";
import { Owners } from "./owners.tsx";

const EVERY_MS = 3_000;
/** More would be too long to read; the filter covers all. */
const TOPICS = 100;

/** All hosts of the group, and which of them reads what. */
export function FleetPage() {
  const topic = usePlace().query.get("q") ?? "";
  const words = new URLSearchParams({ topic, limit: String(TOPICS) });
  const answer = useAnswer<FleetResult>(`/fleet?${words}`);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) answer.again();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const { data } = answer;
  return (
    <>
      <h1>Fleet</h1>
      <Troubles answer={answer} />
      {data === null ? (
        answer.error === null && <Loading />
      ) : (
        <>
          <Missing fleet={data} />
          <Totals fleet={data} />
          <Hosts hosts={data.hosts} group={data.group} />
          <h2>Partitions by host</h2>
          <div class="bar">
            <Filter label="Filter by topic" hint="Topic" text={topic} />
            <span class="muted" role="status">
              {data.topics.length < data.topicCount
                ? `the first ${data.topics.length} of ${plural(data.topicCount, "topic")}`
                : plural(data.topicCount, "topic")}
            </span>
          </div>
          <Owners topics={data.topics} />
        </>
      )}
    </>
  );
}

function Troubles({ answer: { data, error, at } }: { readonly answer: Answer<FleetResult> }) {
  return (
    <>
      {error === null ? null : (
        <Notice kind="bad">
          {error}
          {data === null ? null : (
            <>
              {" "}
              What is shown is from <Time at={at} />.
            </>
          )}
        </Notice>
      )}
      <Problem kind="warning" text={data?.problem ?? null} />
    </>
  );
}

/** What nobody should have to look for in the tables. */
function Missing({ fleet: { hosts, topics } }: { readonly fleet: FleetResult }) {
  const away = hosts.filter(({ status }) => status === "away");
  const unread = topics.filter(({ partitions }) => partitions.some(({ host }) => host === null));
  if (away.length === 0 && unread.length === 0) return null;
  const [first] = unread;
  return (
    <Notice kind="bad">
      {away.length === 0 ? null : (
        <>
          {plural(away.length, "host")} away: <Hostile text={away.map(({ name }) => name).join(", ")} />.{" "}
        </>
      )}
      {first === undefined
        ? null
        : `Partitions that no host reads: in ${plural(unread.length, "topic")} of those shown, first ${first.topic}.`}
    </Notice>
  );
}

function Totals({ fleet: { hosts, totals } }: { readonly fleet: FleetResult }) {
  const telling = hosts.filter(({ counts }) => counts !== null).length;
  const entries = [
    ["Records", <Rate value={totals.rate} />],
    ["Lag", <Count value={totals.lag} />],
    ["Indexed", <Count value={totals.counts.indexed} />],
    ["Duplicate", <Count value={totals.counts.duplicate} />],
    ["Dead-lettered", <Count value={totals.counts.deadLettered} />],
    ["Skipped", <Count value={totals.counts.skipped} />],
  ] as const;
  return (
    <>
      <dl class="figures">
        {entries.map(([name, value]) => (
          <Figure key={name} name={name} value={value} />
        ))}
      </dl>
      <p class={telling < hosts.length ? "warning" : "muted"}>
        {telling < hosts.length
          ? `Sums of the ${telling} of ${plural(hosts.length, "host")} that answer; counts since each of them started.`
          : `Sums of ${plural(hosts.length, "host")}; counts since each of them started.`}
      </p>
    </>
  );
}
