import { type SeenState, worstFirst } from "../../../../lib/rules/progress/status.ts";
import type { OverviewMessage, TroubledTopic } from "../../../api/live-messages.ts";
import { Notice } from "../components/notice.tsx";
import { Age } from "../components/times.tsx";
import { plural, shortCount } from "../text/format.ts";

/** The checks of readiness, in the order of the page. */
export const checks: readonly {
  readonly name: keyof OverviewMessage["checks"];
  readonly label: string;
  /** Part of the first line if it fails; null if the topics say it. */
  readonly failing: string | null;
  /** What still works if it fails. */
  readonly consequence?: string;
}[] = [
  { name: "config", label: "Config", failing: "config not accepted", consequence: "last good kept" },
  { name: "kafka", label: "Kafka", failing: "Kafka does not answer" },
  { name: "elasticsearch", label: "Elasticsearch", failing: "Elasticsearch does not answer" },
  { name: "etcd", label: "etcd", failing: "etcd not read", consequence: "last good kept" },
  { name: "progress", label: "Progress", failing: null },
];

const troubleOf: Partial<Record<SeenState, string>> = {
  failed: "failed",
  stalled: "is stalled",
  retrying: "is retrying",
  held: "is held, and Kafka is about to delete what waits in it",
};

/** The only topic in trouble. */
function Single({ one: { topic, state, reason, since } }: { readonly one: TroubledTopic }) {
  const isLate = state === "running" && reason === null;
  return (
    <>
      <a href={`/ui/topics/${topic}`}>{topic}</a>{" "}
      {isLate ? "is read later than its target keeps documents" : (troubleOf[state] ?? "needs a look")}
      {isLate || state === "held" ? null : (
        <>
          , seen by this host for <Age since={since} />
        </>
      )}
    </>
  );
}

/** What no topic's state tells. */
function moreOf({ verdict, massStop, conflicts, counts: { deadLettered } }: OverviewMessage): string[] {
  return [
    ...(massStop === null
      ? []
      : [`${plural(massStop.topics, "topic")} stopped: their declarations are gone`]),
    ...(verdict.refused > 0 ? [`${plural(verdict.refused, "declaration")} refused`] : []),
    ...(conflicts > 0 ? [`${plural(conflicts, "declaration")} overruled`] : []),
    ...(deadLettered > 0 ? [`${shortCount(deadLettered)} dead-lettered`] : []),
  ];
}

/** The first line: what is wrong, or that all is well. */
export function Verdict({ seen }: { readonly seen: OverviewMessage }) {
  const topics = worstFirst.reduce((sum, state) => sum + seen.states[state], 0);
  const [first] = seen.attention;
  const troubled = seen.attentionCount;
  const more = moreOf(seen);
  const broken = checks.flatMap(({ name, failing, consequence = "" }) => {
    const check = seen.checks[name];
    return failing !== null && check?.ok === false
      ? [{ name, failing, consequence, since: check.since }]
      : [];
  });
  if (seen.verdict.kind !== "ok") {
    return (
      <Notice kind={seen.verdict.kind}>
        {troubled === 0 ? (
          ""
        ) : troubled === 1 && first !== undefined ? (
          <Single one={first} />
        ) : (
          `${plural(troubled, "topic")} need attention`
        )}
        {broken.map(({ name, failing, consequence, since }, at) => (
          <span key={name}>
            {troubled + at > 0 ? " · " : ""}
            {failing}
            {since === null ? null : (
              <>
                {" "}
                for <Age since={Date.parse(since)} />
              </>
            )}
            {consequence === "" ? "" : `; ${consequence}`}
          </span>
        ))}
        {[...(troubled + broken.length > 0 ? [""] : []), ...more].join(" · ")}
        {` · ${shortCount(seen.states.running)} of ${plural(topics, "topic")} running${seen.states.retrying > 0 ? `, ${shortCount(seen.states.retrying)} retrying` : ""}`}
      </Notice>
    );
  }
  if (topics === 0) {
    return (
      <Notice kind="info">
        {more.map((one) => `${one} · `)}No topics are declared. Add one under{" "}
        <a href="/ui/declarations">Declarations</a>, or in the config file: <code>topics: [my_topic]</code>.
      </Notice>
    );
  }
  const rest = topics - seen.states.running;
  if (rest === 0)
    return (
      <Notice kind={more.length === 0 ? "ok" : "info"}>
        {[
          topics === 1 ? "The one topic is running" : `All ${plural(topics, "topic")} are running`,
          ...more,
        ].join(" · ")}
        .
      </Notice>
    );
  const others = worstFirst
    .filter((state) => state !== "running" && seen.states[state] > 0)
    .map((state) => `${shortCount(seen.states[state])} ${state}`);
  return (
    <Notice kind="info">{`${shortCount(seen.states.running)} of ${plural(topics, "topic")} running · ${[...others, ...more].join(" · ")}`}</Notice>
  );
}
