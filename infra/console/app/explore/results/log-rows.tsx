import { memo, useRef } from "../../hooks/hooks.ts";
import { sizeText } from "../../../../../lib/rules/base/units.ts";
import type { LogHit } from "../../../../api/logs.ts";
import { Hostile } from "../../components/hostile.tsx";
import { zone } from "../../state/preferences.ts";
import { useStore } from "../../state/store.ts";
import { columnText, LevelMark } from "./cells.tsx";
import { lineName } from "./line-name.ts";
import { wrapping } from "./wrapping.ts";
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
  /** The same with absolute times, for links to share. */
  readonly shared: ExploreState;
  /** Undefined where columns cannot be changed. */
  readonly onChange?: (changes: Partial<ExploreState>) => void;
}

/** The results, one line each. */
export function LogRows({ hits, open, onToggle, state, shared, onChange }: LogRowsProps) {
  const toggle = useRef(onToggle);
  toggle.current = onToggle;
  const wraps = useStore(wrapping) === "on";
  const { columns } = state;
  const shows = {
    topic: state.topics.length !== 1,
    level: hits.some(({ level }) => level !== null),
    columns: columns.join("\n"),
  };
  return (
    <>
      {columns.length === 0 ? null : (
        <ul class="chips columns" aria-label="Columns">
          {columns.map((column) => (
            <li key={column} class="chip">
              <Hostile text={column} />
              <button
                type="button"
                class="plain"
                aria-label={`Remove the column ${column}`}
                onClick={() => onChange?.({ columns: columns.filter((other) => other !== column) })}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <ol class={wraps ? "log wraps" : "log"} aria-label="Lines">
        {hits.map((hit) => (
          <li key={`${hit.index}/${hit.id}`} data-id={hit.id} data-topic={hit.topic ?? ""}>
            <Line hit={hit} open={open.has(hit.id)} toggle={toggle} {...shows} />
            {open.has(hit.id) && hit.topic !== null ? (
              <DocumentView
                doc={{ topic: hit.topic, id: hit.id }}
                timestamp={hit.timestamp}
                state={state}
                shared={shared}
              />
            ) : null}
          </li>
        ))}
      </ol>
    </>
  );
}

interface LineProps {
  readonly topic: boolean;
  readonly level: boolean;
  /** Fields, one a line: a text, so that an equal list changes nothing. */
  readonly columns: string;
  readonly hit: LogHit;
  readonly open: boolean;
  readonly toggle: { readonly current: ((hit: LogHit) => void) | null };
}

const Line = memo(({ hit, open, toggle, topic, level, columns }: LineProps) => {
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
        aria-label={lineName(hit, useStore(zone))}
        onClick={() => toggle.current?.(hit)}
      >
        {open ? "▾" : "▸"}
      </button>
      <Time at={at} millis />
      {level ? <LevelMark level={hit.level} /> : null}
      {topic ? <span class="of">{hit.topic}</span> : null}
      {columns === ""
        ? null
        : columns.split("\n").map((column) => (
            <bdi key={column} class="col" title={visibleText(column)}>
              {visibleText(columnText(hit.document, column))}
            </bdi>
          ))}
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
