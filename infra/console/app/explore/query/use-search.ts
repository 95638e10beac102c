import { useEffect, useRef, useState } from "hono/jsx/dom";
import type { LogAnswer } from "../../../../api/log-messages.ts";
import { ask } from "../../state/api.ts";
import { type ExploreState, searchPath } from "./address.ts";

/** What was found, as it stands on the page. */
export interface Search {
  /** The first page's; its hits are those of all pages so far. Of the search before, while `loading`. */
  readonly found: LogAnswer | null;
  /** A sentence; the answer is then still that of a search before, if any. */
  readonly error: string | null;
  readonly loading: boolean;
  readonly older: { readonly loading: boolean; readonly error: string | null };
  /** Asks the same again: what is relative means other moments now. */
  readonly again: () => void;
  /** The next page. */
  readonly more: () => void;
}

const quiet = { loading: false, error: null };

/** Searches when what is asked for changes, and when told; the search before is dropped. */
export function useSearch(state: ExploreState, { histogram }: { readonly histogram: boolean }): Search {
  const path = searchPath(state, { histogram });
  const [round, setRound] = useState(0);
  const [search, setSearch] = useState<Omit<Search, "again" | "more">>({
    found: null,
    error: null,
    loading: true,
    older: quiet,
  });
  const life = useRef<AbortController | null>(null);

  useEffect(() => {
    const own = new AbortController();
    life.current = own;
    setSearch((before) => ({ ...before, loading: true, error: null, older: quiet }));
    ask<LogAnswer>(path, { signal: own.signal }).then(
      (found) => setSearch({ found, error: null, loading: false, older: quiet }),
      (error: unknown) => {
        if (own.signal.aborted) return;
        setSearch((before) => ({ ...before, error: messageOf(error), loading: false }));
      },
    );
    return () => own.abort();
  }, [path, round]);

  const more = (): void => {
    const { found, older } = search;
    const signal = life.current?.signal;
    if (!found?.next || older.loading || search.loading || signal === undefined) return;
    setSearch((before) => ({ ...before, older: { loading: true, error: null } }));
    // The same moments as the first page, which may have been relative.
    const next = searchPath({ ...state, from: found.from, to: found.to }, { after: found.next });
    ask<LogAnswer>(next, { signal }).then(
      (page) =>
        setSearch((before) => ({
          ...before,
          found: { ...found, next: page.next, hits: [...found.hits, ...page.hits] },
          older: { loading: false, error: page.problems.length === 0 ? null : page.problems.join(" ") },
        })),
      (error: unknown) => {
        if (signal.aborted) return;
        setSearch((before) => ({ ...before, older: { loading: false, error: messageOf(error) } }));
      },
    );
  };
  return { ...search, again: () => setRound((count) => count + 1), more };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
