import type { FailureAnswer, maxTailTopics as tailTopics } from "../../../api/logs.ts";
import { useEffect, useRef, useState } from "../hooks/hooks.ts";
import { Notice } from "../components/notice.tsx";
import { useShortcuts } from "../state/keys.ts";
import { histogram } from "../state/preferences.ts";
import { navigate, usePlace } from "../state/router.ts";
import { useAnswer } from "../state/use-answer.ts";
import { useStore } from "../state/store.ts";
import { exploreHref, type ExploreState, parseExplore, refusedPath, tailPath } from "./query/address.ts";
import { Refused } from "./refused/refused.tsx";
import { RefusedNotice } from "./refused/refused-notice.tsx";
import { Results } from "./results/results.tsx";
import { rememberQuery } from "./query/recent-queries.ts";
import { SearchBar } from "./query/search-bar.tsx";
import { TailPanel } from "./tail/tail.tsx";
import { useSearch } from "./query/use-search.ts";

const maxTailTopics: typeof tailTopics = 10;

/** Log search over a time range, or a live tail. The address holds the search. */
export function ExplorePage() {
  const state = parseExplore(usePlace().query);
  const search = useSearch(state, { histogram: useStore(histogram) === "shown" });
  // After the search, and without its words: they are not about errors.
  const counted = search.loading ? null : refusedPath({ ...state, query: "" }, 1);
  const refused = useAnswer<FailureAnswer>(state.refused ? refusedPath(state, 100) : counted);
  const [tail, setTail] = useState<"off" | "running" | "stopped" | "refused">("off");
  const field = useRef<HTMLInputElement>(null);

  const linked = state.doc?.id ?? null;
  useEffect(() => {
    // Opening a line of the tail leads to its document.
    if (linked !== null) setTail("off");
  }, [linked]);

  const go = (changes: Partial<ExploreState>): void => {
    const href = exploreHref({ ...state, doc: null, ...changes });
    if (href !== exploreHref(state)) return navigate(href);
    search.again();
    refused.again();
    return undefined;
  };
  const startTail = (): void =>
    setTail(state.topics.length === 0 || state.topics.length > maxTailTopics ? "refused" : "running");
  const toggleTail = (): void => (tail === "running" ? setTail("stopped") : startTail());
  useShortcuts({
    "/": () => field.current?.focus(),
    l: toggleTail,
  });

  const followed = state.topics.length > 0 && state.topics.length <= maxTailTopics;
  const shownTail = tail === "refused" && followed ? "off" : tail;
  return (
    <>
      <h1>Explore</h1>
      <SearchBar
        state={state}
        searched={search.found}
        field={field}
        tailing={shownTail === "running"}
        loading={search.loading}
        again={search.again}
        onChange={go}
        onSearch={(query) => {
          setTail("off");
          rememberQuery(query);
          go({ query });
        }}
        onTail={toggleTail}
      />
      {shownTail === "refused" ? (
        <Notice kind="info" alert>
          Add the topics to follow live, {maxTailTopics} at most.
        </Notice>
      ) : null}
      {shownTail === "running" || shownTail === "stopped" ? (
        <TailPanel
          path={tailPath(state)}
          running={shownTail === "running"}
          onStart={startTail}
          onStop={() => setTail("stopped")}
          onClose={() => setTail("off")}
        />
      ) : state.refused ? (
        <Refused state={state} answer={refused} />
      ) : (
        <>
          <RefusedNotice answer={refused} state={state} />
          <Results state={state} search={search} onChange={go} />
        </>
      )}
    </>
  );
}
