import { useState } from "../../hooks/hooks.ts";
import type { FailureAnswer } from "../../../../api/logs.ts";
import type { StoredHit } from "../../../../../lib/rules/search/hits/stored-hit.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { Time } from "../../components/times.tsx";
import { exactCount } from "../../text/format.ts";
import { FieldTable } from "../document/field-table.tsx";
import { exploreHref, type ExploreState } from "../query/address.ts";
import type { Answer } from "../../state/use-answer.ts";
import { Failed } from "../../parts/failed.tsx";

interface RefusedProps {
  readonly state: ExploreState;
  readonly answer: Answer<FailureAnswer>;
}

/** What lies in failure stores: each refused document with its error. */
export function Refused({ state, answer: { data, error, loading, again } }: RefusedProps) {
  return (
    <>
      <div class="bar summary">
        <strong role="status">{loading ? "Searching…" : data === null ? "" : countOf(data)}</strong>
        <a href={exploreHref({ ...state, query: "", doc: null, refused: false })}>Back to the logs</a>
        <a href={lettersHref(state)}>Dead letters</a>
      </div>
      <p class="muted">
        By the time of the refusal; a search looks into errors and ids. Of each record, the host wrote a dead
        letter, indexed another form, or tries it again.
      </p>
      {error === null ? null : <Failed error={error} again={again} alert />}
      {data?.problems.map((problem) => (
        <Notice key={problem} kind="warning" alert>
          <Hostile text={problem} />
        </Notice>
      ))}
      {data === null ? null : data.failures.length === 0 ? (
        <p>
          {data.streams.length === 0
            ? "None of these topics goes to a data stream with a failure store."
            : "Nothing was refused in this time."}
        </p>
      ) : (
        <ol class="log" aria-label="Refused documents">
          {data.failures.map((hit) => (
            <Entry key={`${hit.index}/${hit.id}`} hit={hit} state={state} />
          ))}
        </ol>
      )}
      {data !== null && data.failures.length < data.total.value ? (
        <p class="muted">
          These are the newest {exactCount(data.failures.length)}. Choose an earlier time for others.
        </p>
      ) : null}
    </>
  );
}

function countOf({ total }: FailureAnswer): string {
  const { value, exact } = total;
  return `${exactCount(value)}${exact ? "" : "+"} refused`;
}

function lettersHref({ topics }: ExploreState): string {
  const [topic] = topics;
  return topics.length === 1 && topic !== undefined ? `/ui/dead-letters?topic=${topic}` : "/ui/dead-letters";
}

function Entry({ hit, state }: { readonly hit: StoredHit; readonly state: ExploreState }) {
  const [open, setOpen] = useState(false);
  const { at, error, topic, recordId } = hit;
  return (
    <li>
      <div class={`line ${open ? "open" : ""}`}>
        <button
          type="button"
          class="plain toggle"
          aria-expanded={open ? "true" : "false"}
          aria-label={`Details of the refusal of ${at ?? "an unknown time"}`}
          onClick={() => setOpen(!open)}
        >
          {open ? "▾" : "▸"}
        </button>
        <Time at={at === null ? Number.NaN : Date.parse(at)} millis />
        <span class="of">
          {topic ?? (recordId === null ? "another program" : <Hostile text={recordId} />)}
        </span>
        <bdi class="text">
          <strong>
            <Hostile text={error.type} />
          </strong>
          : <Hostile text={error.message} />
        </bdi>
      </div>
      {open ? <Details hit={hit} state={state} /> : null}
    </li>
  );
}

function Details({
  hit: { error, index, recordId, topic, partition, offset, raw },
  state,
}: {
  readonly hit: StoredHit;
  readonly state: ExploreState;
}) {
  return (
    <div class="document">
      <dl class="facts">
        <dt>Record</dt>
        <dd>
          {topic === null || partition === null || offset === null
            ? "Of another program"
            : `${topic}, partition ${partition}, offset ${exactCount(offset)}`}
        </dd>
        <dt>Id</dt>
        <dd>{recordId === null ? "None" : <Hostile text={recordId} />}</dd>
        <dt>Error</dt>
        <dd>
          <code>
            <Hostile text={error.type} />
          </code>
          : <Hostile text={error.message} />
        </dd>
        <dt>Lies in</dt>
        <dd>
          <Hostile text={index} />
        </dd>
      </dl>
      {raw === null ? (
        <p class="muted">The document is too large to be shown here.</p>
      ) : (
        <FieldTable document={{ raw, ignored: [] }} state={{ ...state, query: "", refused: false }} />
      )}
    </div>
  );
}
