import { memo, useRef } from "hono/jsx/dom";
import { sizeText } from "../../../../../lib/rules/base/units.ts";
import type { LogHit } from "../../../../api/logs.ts";
import { Time } from "../../components/times.tsx";
import { visibleText } from "../../text/visible-text.ts";
import type { DocumentRef, ExploreState } from "../query/address.ts";
import { noteOf } from "../document/document-notes.tsx";
import { DocumentView } from "../document/document-view.tsx";

interface LogRowsProps {
  readonly hits: readonly LogHit[];
  /** Ids of the open lines. */
  readonly open: ReadonlySet<string>;
  readonly onToggle: (hit: LogHit) => void;
  readonly state: ExploreState;
}

/** The results, one line each. */
export function LogRows({ hits, open, onToggle, state }: LogRowsProps) {
  const toggle = useRef(onToggle);
  toggle.current = onToggle;
  return (
    <ol class="log" aria-label="Lines">
      {hits.map((hit) => (
        <li key={`${hit.index}/${hit.id}`} data-id={hit.id} data-topic={hit.topic ?? ""}>
          <Line hit={hit} open={open.has(hit.id)} toggle={toggle} />
          {open.has(hit.id) && hit.topic !== null ? (
            <DocumentView doc={{ topic: hit.topic, id: hit.id }} timestamp={hit.timestamp} state={state} />
          ) : null}
        </li>
      ))}
    </ol>
  );
}

interface LineProps {
  readonly hit: LogHit;
  readonly open: boolean;
  readonly toggle: { readonly current: ((hit: LogHit) => void) | null };
}

const Line = memo(({ hit, open, toggle }: LineProps) => {
  const at = hit.timestamp === null ? Number.NaN : Date.parse(hit.timestamp);
  const note = noteOf(hit);
  const onClick = (event: MouseEvent): void => {
    // A click must not discard selected text, and buttons handle their own clicks.
    if (event.target instanceof Element && event.target.closest("button") !== null) return;
    if (getSelection()?.isCollapsed !== false) toggle.current?.(hit);
  };
  return (
    <div class={`line ${open ? "open" : ""}`} onClick={onClick}>
      <button
        type="button"
        class="plain toggle"
        aria-expanded={open ? "true" : "false"}
        aria-label={`Details of the line of ${hit.timestamp ?? "an unknown time"}`}
        onClick={() => toggle.current?.(hit)}
      >
        {open ? "▾" : "▸"}
      </button>
      <Time at={at} millis />
      <span class="of">{hit.topic}</span>
      <bdi class="text">
        {hit.line.map(([text, found]) => (found ? <mark>{visibleText(text)}</mark> : visibleText(text)))}
      </bdi>
      {note === null ? null : (
        <span class="note warning">
          <span aria-hidden="true">▲</span> {note}
        </span>
      )}
      {hit.cut ? (
        <button type="button" class="plain" onClick={() => toggle.current?.(hit)}>
          {open ? "Show less" : `Show all${hit.bytes === null ? "" : ` ${sizeText(hit.bytes)}`}`}
        </button>
      ) : null}
    </div>
  );
});

/** The identity of a hit; null if it does not name its topic. */
export function documentOf({ topic, id }: LogHit): DocumentRef | null {
  return topic === null ? null : { topic, id };
}
