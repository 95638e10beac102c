import { useRef, useState } from "../hooks/hooks.ts";
import type { DigestResult } from "../../../../functions/digest-dead-letters.ts";
import type { DigestGroup } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { type Replayed, requestOf, startReplay } from "./replay/start-replay.ts";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { ReadOnlyNotice } from "../components/read-only.tsx";
import { Pager } from "../components/pager.tsx";
import { FailureStores } from "./failure-stores.tsx";
import { GaveWay } from "./gave-way.tsx";
import { GroupsTable } from "./groups-table.tsx";
import { ReplayDialog } from "./replay/replay-dialog.tsx";
import { ReplayPanel } from "./replay/replay-panel.tsx";
import { StatesText } from "./replay/states-text.tsx";
import { plural } from "../text/format.ts";
import { useShortcuts } from "../state/keys.ts";
import { pageOf } from "../text/page-of.ts";
import { hrefWith, navigate, usePlace } from "../state/router.ts";
import { useAnswer } from "../state/use-answer.ts";

/** Rejected records by what they have in common, with what is left of them; then failure stores, and the fields that gave way. */
export function Inbox() {
  const place = usePlace();
  const topic = place.query.get("topic") ?? "";
  const job = place.query.get("job");
  const path = topic === "" ? "/dead-letters" : `/dead-letters?topic=${encodeURIComponent(topic)}`;
  const { data, error, loading, again } = useAnswer<DigestResult>(path);
  const [asking, setAsking] = useState<DigestGroup | null>(null);
  const [starting, setStarting] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);

  const replay = async (request: Replayed): Promise<void> => {
    setAsking(null);
    setStarting(true);
    setRefusal(null);
    const { id, said } = await startReplay(request);
    setStarting(false);
    setRefusal(said);
    if (id !== null) navigate(hrefWith(place, { job: id }), { replace: true });
  };
  const { rows, page, pages } = pageOf(byWhatIsLeft(data?.groups ?? []), place.query.get("page"));
  return (
    <>
      <h1>Dead letters</h1>
      <ReadOnlyNotice />
      <TopicFilter key={topic} topic={topic} groups={data?.groups ?? []} loading={loading} onAgain={again} />
      {refusal === null ? null : (
        <Notice kind="warning" alert>
          <Hostile text={refusal} />
        </Notice>
      )}
      {job === null ? null : (
        <ReplayPanel
          id={job}
          closeHref={hrefWith(place, { job: null })}
          onReplay={(request) => void replay(request)}
        />
      )}
      {error === null ? null : (
        <Notice kind="bad" alert>
          <Hostile text={error} />
        </Notice>
      )}
      {data === null ? null : <Total digest={data} topic={topic} />}
      {rows.length === 0 ? null : <GroupsTable groups={rows} busy={starting} onReplay={setAsking} />}
      <Pager page={page} pages={pages} />
      {data === null ? null : (
        <FailureStores
          found={data.failureStores}
          busy={starting}
          onDryRun={() => void replay({ topic: topic === "" ? null : topic, dryRun: true })}
        />
      )}
      {data === null ? null : <GaveWay gaveWay={data.gaveWay} topic={topic} />}
      {asking === null || data === null ? null : (
        <ReplayDialog
          group={asking}
          left={asking.count - asking.states.resolved}
          truncated={data.truncated}
          onReplay={(how) => void replay({ ...requestOf(asking), ...how })}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}

function byWhatIsLeft(groups: readonly DigestGroup[]): readonly DigestGroup[] {
  const left = ({ count, states }: DigestGroup): number => count - states.resolved;
  return groups.toSorted((a, b) => left(b) - left(a));
}

function Total({
  digest: { letters, states, statesProblems, groups, others, truncated },
  topic,
}: {
  readonly digest: DigestResult;
  readonly topic: string;
}) {
  if (letters === 0 && !truncated) {
    return (
      <p>
        {topic === ""
          ? "There are no dead letters: no record was rejected."
          : `There are no dead letters of ${topic}.`}
      </p>
    );
  }
  return (
    <p>
      {plural(letters, "dead letter")} in {plural(groups.length, "group")}
      {others > 0 ? `, and ${plural(others, "letter")} in groups that are not listed` : ""}:{" "}
      <StatesText states={states} />.
      {statesProblems.map((problem) => (
        <span key={problem} class="warning">
          {" "}
          <Hostile text={problem} />.
        </span>
      ))}
      {truncated ? (
        <span class="warning">
          {" "}
          There are more: only the newest letters that could be read within 10 s are counted.
        </span>
      ) : null}
    </p>
  );
}

function TopicFilter({
  topic,
  groups,
  loading,
  onAgain,
}: {
  readonly topic: string;
  readonly groups: readonly DigestGroup[];
  readonly loading: boolean;
  readonly onAgain: () => void;
}) {
  const place = usePlace();
  const input = useRef<HTMLInputElement>(null);
  useShortcuts({ "/": () => input.current?.focus() });
  const topics = [...new Set(groups.map((group) => group.topic))];
  const go = (event: Event): void => {
    event.preventDefault();
    navigate(hrefWith(place, { topic: input.current?.value.trim() ?? "", page: null }));
  };
  return (
    <form class="bar" role="search" onSubmit={go}>
      <label>
        Topic{" "}
        <input
          ref={input}
          type="search"
          list="letter-topics"
          placeholder="all topics  /"
          value={topic}
          spellcheck={false}
        />
      </label>
      <datalist id="letter-topics">
        {topics.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="submit">Show</button>
      {topic === "" ? null : <a href={hrefWith(place, { topic: null, page: null })}>All topics</a>}
      <button type="button" disabled={loading} onClick={onAgain}>
        Count again
      </button>
      <span class="muted" role="status">
        {loading ? "Reading the dead-letter topic…" : ""}
      </span>
    </form>
  );
}
