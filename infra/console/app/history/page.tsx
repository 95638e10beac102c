import { useEffect, useRef, useState } from "../hooks/hooks.ts";
import { type HistoryEvent, historyKinds } from "../../../../lib/rules/history/event.ts";
import type { HistoryAnswer } from "../../../api/history/history.ts";
import { Hostile } from "../components/hostile.tsx";
import { Loading } from "../components/lazily.tsx";
import { Notice } from "../components/notice.tsx";
import { ask } from "../state/api.ts";
import { hrefWith, navigate, usePlace } from "../state/router.ts";
import { useAnswer } from "../state/use-answer.ts";
import { valueOf } from "../text/input.ts";
import { Problem } from "../parts/problem.tsx";
import { EventRow } from "./event-row.tsx";

const spans = {
  "1h": "last hour",
  "24h": "last 24 hours",
  "7d": "last 7 days",
  "30d": "last 30 days",
} as const;
const kindNames: Readonly<Record<HistoryEvent["kind"], string>> = {
  host: "Hosts",
  topics: "Topics started, stopped, replaced",
  trouble: "Trouble",
  recovery: "Recovery",
  partitions: "Partitions moved",
  declaration: "Declarations",
  order: "Orders",
  replay: "Replays",
  settings: "Settings",
};

/** What happened on all hosts, newest first, by topic and kind. */
export function HistoryPage() {
  const place = usePlace();
  const topic = place.query.get("topic") ?? "";
  const kind = place.query.get("kind") ?? "";
  const span = place.query.get("span") ?? "24h";
  const query = new URLSearchParams({
    from: `now-${span}`,
    ...(topic !== "" && { topic }),
    ...(kind !== "" && { kinds: kind }),
  });
  const first = useAnswer<HistoryAnswer>(`/history?${query.toString()}`);
  const older = useOlder(query.toString(), first.data);
  const change = (name: string, value: string): void =>
    navigate(hrefWith(place, { [name]: value }), { replace: true });
  const events = [...(first.data?.events ?? []), ...older.events];
  return (
    <>
      <h1>History</h1>
      <form
        class="bar"
        onSubmit={(event: Event) => {
          event.preventDefault();
          first.again();
        }}
      >
        <label>
          Topic{" "}
          <input
            type="search"
            name="topic"
            value={topic}
            placeholder="all"
            onChange={(event: Event) => change("topic", valueOf(event).trim())}
          />
        </label>
        <label>
          What{" "}
          <select onChange={(event: Event) => change("kind", valueOf(event))}>
            <option value="" selected={kind === ""}>
              everything
            </option>
            {historyKinds.map((one) => (
              <option key={one} value={one} selected={one === kind}>
                {kindNames[one]}
              </option>
            ))}
          </select>
        </label>
        <label>
          When{" "}
          <select onChange={(event: Event) => change("span", valueOf(event))}>
            {Object.entries(spans).map(([value, name]) => (
              <option key={value} value={value} selected={value === span}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Refresh</button>
      </form>
      {first.error === null ? null : (
        <Notice kind="bad">
          <Hostile text={first.error} />
        </Notice>
      )}
      <Problem kind="warning" text={first.data?.problem ?? null} />
      {first.data === null ? (
        first.error === null && <Loading />
      ) : events.length === 0 ? (
        <p>Nothing happened in this time{topic === "" && kind === "" ? "" : " that matches"}.</p>
      ) : (
        <ol class="events">
          {events.map((event, at) => (
            <EventRow key={`${event.at}/${event.text}/${at}`} event={event} />
          ))}
        </ol>
      )}
      {older.next === null ? null : (
        <button type="button" onClick={older.load}>
          Show older
        </button>
      )}
      {older.error === null ? null : (
        <Notice kind="bad">
          <Hostile text={older.error} />
        </Notice>
      )}
    </>
  );
}

/** The pages after the first. */
function useOlder(query: string, first: HistoryAnswer | null) {
  const [more, setMore] = useState<HistoryAnswer | null>(null);
  const [error, setError] = useState<string | null>(null);
  // An older page of the previous filter must not be shown under the next one.
  const life = useRef<AbortController | null>(null);
  useEffect(() => {
    const own = new AbortController();
    life.current = own;
    setMore(null);
    setError(null);
    return () => own.abort();
  }, [query, first]);
  const next = (more ?? first)?.next ?? null;
  const load = (): void => {
    const signal = life.current?.signal;
    if (signal === undefined) return;
    ask<HistoryAnswer>(`/history?${query}&to=${next}`, { signal }).then(
      (page) => setMore({ ...page, events: [...(more?.events ?? []), ...page.events] }),
      (failure: unknown) => {
        if (!signal.aborted) setError(failure instanceof Error ? failure.message : String(failure));
      },
    );
  };
  return { events: more?.events ?? [], next, error, load };
}
