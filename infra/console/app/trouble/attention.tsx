import type { OverviewMessage, TroubledTopic } from "../../../api/live-messages.ts";
import { Hostile } from "../components/hostile.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { Age, Time, Told } from "../components/times.tsx";
import { plural } from "../text/format.ts";
import { Remedy, TryNow } from "./remedy.tsx";
import { Waiting } from "./waiting.tsx";

/** The topics that get nowhere: why, since when, what waits, until when it is safe, and what mends it. */
export function Attention({
  topics,
  count,
}: {
  readonly topics: OverviewMessage["attention"];
  readonly count: number;
}) {
  const more = count - topics.length;
  return (
    <section>
      <h2>Needs attention</h2>
      <ul class="troubles" aria-label="Topics that need attention">
        {topics.map((one) => (
          <Troubled key={one.topic} one={one} />
        ))}
      </ul>
      {more > 0 ? (
        <p>
          <a href="/ui/topics?state=failed,stalled,retrying,held,running">and {plural(more, "topic")} more</a>
        </p>
      ) : null}
    </section>
  );
}

function Troubled({ one }: { readonly one: TroubledTopic }) {
  const { topic, state, reason, remedy, since, attempts, warning } = one;
  return (
    <li>
      <p class="trouble-head">
        <StateLabel state={state} /> <a href={`/ui/topics/${topic}`}>{topic}</a>{" "}
        <span class="muted">
          seen by this host for <Age since={since} />, since <Time at={since} />
        </span>
        {attempts > 0 ? <TryNow topic={topic} /> : null}
      </p>
      <Waiting one={one} />
      {reason === null ? null : (
        <p class="reason">
          <Told text={reason} />
        </p>
      )}
      {warning === null ? null : (
        <p class="warning">
          <Hostile text={warning} />
        </p>
      )}
      {remedy === null ? null : <Remedy remedy={remedy} />}
    </li>
  );
}
