import { useEffect, useState } from "hono/jsx/dom";
import { ask } from "./api.ts";

/** One question to the host and what became of it. */
export interface Answer<T> {
  readonly data: T | null;
  /** When the data came, milliseconds since the epoch. */
  readonly at: number;
  /** A sentence; null: none. The data may still be that of the question before. */
  readonly error: string | null;
  readonly loading: boolean;
  readonly again: () => void;
}

/**
 * Asks `path` when it changes, and when told again; null: nothing is asked. The question before is dropped.
 * @param method POST where the question is a dry run; nothing that acts is asked this way
 */
export function useAnswer<T>(path: string | null, method: "GET" | "POST" = "GET"): Answer<T> {
  const [round, setRound] = useState(0);
  const [answer, setAnswer] = useState<Omit<Answer<T>, "again">>({
    data: null,
    at: 0,
    error: null,
    loading: path !== null,
  });
  useEffect(() => {
    if (path === null) return undefined;
    const life = new AbortController();
    setAnswer((before) => ({ ...before, loading: true }));
    ask<T>(path, { method, signal: life.signal }).then(
      (data) => setAnswer({ data, at: Date.now(), error: null, loading: false }),
      (error: unknown) => {
        if (life.signal.aborted) return;
        setAnswer((before) => ({
          ...before,
          error: error instanceof Error ? error.message : String(error),
          loading: false,
        }));
      },
    );
    return () => life.abort();
  }, [path, round]);
  return { ...answer, again: () => setRound((count) => count + 1) };
}
