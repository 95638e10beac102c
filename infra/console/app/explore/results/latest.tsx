import { useState } from "../../hooks/hooks.ts";
import type { LogAnswer, LogHit } from "../../../../api/logs.ts";
import { Hostile } from "../../components/hostile.tsx";
import { useAnswer } from "../../state/use-answer.ts";
import { exploreHref, latestPath, parseExplore } from "../query/address.ts";
import { LogRows } from "./log-rows.tsx";

/** The latest records of a topic within a day. They do not change until requested again. */
export function Latest({ topic }: { readonly topic: string }) {
  const { data, error, loading, again } = useAnswer<LogAnswer>(latestPath(topic));
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const state = parseExplore(new URLSearchParams({ topic }));
  const toggle = ({ id }: LogHit): void => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  return (
    <section>
      <div class="title">
        <h2>Latest records</h2>
        <button type="button" disabled={loading} onClick={again}>
          Refresh
        </button>
        <a href={exploreHref(state)}>Explore</a>
      </div>
      {error === null ? null : (
        <p class="bad">
          <Hostile text={error} />
        </p>
      )}
      {data?.problems.map((problem) => (
        <p key={problem} class="warning">
          <Hostile text={problem} />
        </p>
      ))}
      {data === null ? (
        loading ? (
          <p class="muted">Loading…</p>
        ) : null
      ) : data.hits.length === 0 ? (
        <p>No records in the last 24 hours.</p>
      ) : (
        <LogRows hits={data.hits} open={open} onToggle={toggle} state={state} shared={state} />
      )}
    </section>
  );
}
