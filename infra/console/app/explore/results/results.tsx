import { useEffect, useRef, useState } from "../../hooks/hooks.ts";
import type { LogHit } from "../../../../api/logs.ts";
import { Hostile } from "../../components/hostile.tsx";
import { lazily } from "../../components/lazily.tsx";
import { Notice } from "../../components/notice.tsx";
import { histogram } from "../../state/preferences.ts";
import { navigate } from "../../state/router.ts";
import { useStore } from "../../state/store.ts";
import { exploreHref, type ExploreState } from "../query/address.ts";
import { FieldsPanel } from "../fields/fields-panel.tsx";
import { WrongSearch } from "../query/wrong-search.tsx";
import { Empty } from "./empty.tsx";
import { Histogram } from "./histogram.tsx";
import { LinkedDocument } from "../document/linked-document.tsx";
import { documentOf, LogRows } from "./log-rows.tsx";
import { Summary } from "./summary.tsx";
import type { Search } from "../query/use-search.ts";
import { useRowKeys } from "./use-row-keys.ts";

const Patterns = lazily<{ readonly state: ExploreState }>(
  async () => (await import("../patterns/panel.tsx")).PatternsPanel,
);

interface ResultsProps {
  readonly state: ExploreState;
  readonly search: Search;
  readonly onChange: (changes: Partial<ExploreState>) => void;
}

/** The results of a search: summary, histogram and lines. */
export function Results({ state, search, onChange }: ResultsProps) {
  const { found, error, wrong, retryable, loading, older } = search;
  const charted = useStore(histogram) === "shown";
  const list = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set(state.doc ? [state.doc.id] : []));
  const [patterns, showPatterns] = useState(false);
  // A link to the same search for sharing, with absolute times.
  const shared = found === null ? state : { ...state, from: found.from, to: found.to };
  const said = useRowKeys(list, shared);
  const [fieldsShown, showFields] = useState(false);

  const toggle = (hit: LogHit): void => {
    const open = new Set(opened);
    const isOpen = !open.delete(hit.id);
    if (isOpen) open.add(hit.id);
    setOpened(open);
    if (isOpen || state.doc?.id === hit.id) {
      navigate(exploreHref({ ...state, doc: isOpen ? documentOf(hit) : null }), { replace: true });
    }
  };

  const linked = state.doc;
  const isListed = linked !== null && found?.hits.some(({ id }) => id === linked.id) === true;
  useEffect(() => {
    // A link to a document must scroll it into view.
    if (linked === null || !isListed) return;
    if (!opened.has(linked.id)) setOpened(new Set([...opened, linked.id]));
    const row = [...(list.current?.querySelectorAll("li") ?? [])].find(
      ({ dataset }) => dataset["id"] === linked.id,
    );
    row?.scrollIntoView({ block: "nearest" });
  }, [found === null, linked?.id]);

  return (
    <>
      <Summary
        state={state}
        shared={shared}
        search={search}
        said={said}
        fieldsShown={fieldsShown}
        onFields={() => showFields(!fieldsShown)}
        onChange={onChange}
      />
      {error !== null && wrong !== null ? (
        <WrongSearch error={error} wrong={wrong} state={state} onChange={onChange} />
      ) : error === null ? null : (
        <Notice kind="bad" alert>
          <Hostile text={error} />{" "}
          {retryable ? (
            <button type="button" class="plain" onClick={search.again}>
              Retry
            </button>
          ) : null}
        </Notice>
      )}
      {found?.problems.map((problem) => (
        <Notice key={problem} kind="warning" alert>
          <Hostile text={problem} />
        </Notice>
      ))}
      <div
        ref={list}
        class={`${loading || error !== null ? "found dimmed" : "found"}${fieldsShown ? " with-fields" : ""}`}
        aria-busy={loading ? "true" : "false"}
      >
        {fieldsShown && found !== null ? (
          <FieldsPanel state={state} searched={shared} onChange={onChange} />
        ) : null}
        <div class="found-lines">
          {linked === null || isListed || (found === null && error === null) ? null : (
            <LinkedDocument key={linked.id} doc={linked} state={state} />
          )}
          {found === null ? null : (
            <>
              {found.hits.length > 0 ? (
                <div class="bar">
                  <button
                    type="button"
                    aria-expanded={patterns ? "true" : "false"}
                    onClick={() => showPatterns(!patterns)}
                  >
                    Patterns
                  </button>
                </div>
              ) : null}
              {patterns ? <Patterns state={state} /> : null}
              {charted && found.hits.length > 0 ? <Histogram found={found} onZoom={onChange} /> : null}
              {found.hits.length === 0 ? (
                <Empty found={found} state={state} onChange={onChange} />
              ) : (
                <LogRows
                  hits={found.hits}
                  open={opened}
                  onToggle={toggle}
                  state={state}
                  shared={shared}
                  onChange={onChange}
                />
              )}
              <div class="bar">
                {found.next === null ? (
                  found.hits.length === 0 ? null : (
                    <span class="muted">No {state.oldestFirst ? "newer" : "older"} ones.</span>
                  )
                ) : (
                  <button type="button" disabled={older.loading || loading} onClick={search.more}>
                    {older.loading ? "Loading…" : `Load 100 ${state.oldestFirst ? "newer" : "older"}`}
                  </button>
                )}
                {older.error === null ? null : (
                  <span class="bad" role="alert">
                    <Hostile text={older.error} />
                  </span>
                )}
              </div>
            </>
          )}
        </div>
      </div>
    </>
  );
}
