import { useEffect, useRef, useState } from "../../hooks/hooks.ts";
import type { LogAnswer } from "../../../../api/logs.ts";
import { ApiError, ask } from "../../state/api.ts";
import { mappingOf } from "../../../../../lib/rules/json/object.ts";
import { type ExploreState, searchPath } from "./address.ts";

/** The results on the page. */
export interface Search {
  /** The answer of the first page, with the hits of all pages so far; of the previous search while `loading`. */
  readonly found: LogAnswer | null;
  /** A sentence. The answer is then still that of the previous search, if any. */
  readonly error: string | null;
  /** The part of the search that is not understood, and what may stand there; null if it is. */
  readonly wrong: WrongPart | null;
  /** Whether the same search may succeed later: not if the host refused it, as with a topic that does not exist. */
  readonly retryable: boolean;
  readonly loading: boolean;
  readonly older: { readonly loading: boolean; readonly error: string | null };
  /** Repeats the search, with relative times resolved again. */
  readonly again: () => void;
  /** The next page. */
  readonly more: () => void;
}

export interface WrongPart {
  readonly at: number;
  readonly text: string;
  readonly instead: readonly string[];
}

const quiet = { loading: false, error: null };

/** Searches when the request changes, and on demand. A pending previous search is dropped. */
export function useSearch(state: ExploreState, { histogram }: { readonly histogram: boolean }): Search {
  const path = searchPath(state, { histogram });
  const [round, setRound] = useState(0);
  const [search, setSearch] = useState<Omit<Search, "again" | "more">>({
    found: null,
    error: null,
    wrong: null,
    retryable: false,
    loading: true,
    older: quiet,
  });
  const life = useRef<AbortController | null>(null);

  useEffect(() => {
    const own = new AbortController();
    life.current = own;
    setSearch((before) => ({ ...before, loading: true, error: null, wrong: null, older: quiet }));
    ask<LogAnswer>(path, { signal: own.signal }).then(
      (found) =>
        setSearch({ found, error: null, wrong: null, retryable: false, loading: false, older: quiet }),
      (error: unknown) => {
        if (own.signal.aborted) return;
        const wrong = error instanceof ApiError ? wrongPart(error.problem) : null;
        const retryable = isRetryable(error);
        setSearch((before) => ({ ...before, error: messageOf(error), wrong, retryable, loading: false }));
      },
    );
    return () => own.abort();
  }, [path, round]);

  const more = (): void => {
    const { found, older } = search;
    const signal = life.current?.signal;
    if (!found?.next || older.loading || search.loading || signal === undefined) return;
    setSearch((before) => ({ ...before, older: { loading: true, error: null } }));
    // The same absolute range as the first page.
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

function wrongPart({ part, instead }: ApiError["problem"]): WrongPart | null {
  const { at, text } = mappingOf(part);
  if (typeof at !== "number" || typeof text !== "string") return null;
  const others = Array.isArray(instead) ? instead.filter((one: unknown) => typeof one === "string") : [];
  return { at, text, instead: others };
}

/** Whether the same request may succeed later: the host did not refuse it for what it asks. */
export function isRetryable(error: unknown): boolean {
  const status = error instanceof ApiError ? error.status : 0;
  return status < 400 || status >= 500 || status === 429;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
