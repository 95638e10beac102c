import { useEffect, useState } from "../hooks/hooks.ts";
import { ask } from "./api.ts";

/** A request to the host and its state. */
export interface Answer<T> {
  readonly data: T | null;
  /** When the data arrived, in milliseconds since the epoch. */
  readonly at: number;
  /** A sentence, or null. The data may still be that of the previous request. */
  readonly error: string | null;
  readonly loading: boolean;
  readonly again: () => void;
}

/**
 * Requests `path` when it changes, and on demand; null requests nothing. A pending previous request is dropped.
 * @param method POST for dry runs only; requests with side effects do not belong here
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
