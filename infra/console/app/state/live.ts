import { useEffect, useReducer } from "../hooks/hooks.ts";
import { ApiError, ask, signInNeeded } from "./api.ts";
import { createStore } from "./store.ts";

/** State of the page's event stream. */
export type Connection =
  /** Idle if nothing on the page is live. */
  | { readonly state: "idle" | "connecting" | "live" | "paused" }
  /** Time of the last event, which the page's values are from; null before the first. */
  | { readonly state: "lost"; readonly seenAt: number | null };

/** A page has a single stream, since browsers allow six connections to a host for all tabs together. */
export const connection = createStore<Connection>({ state: "idle" });

/** The host pings every 5 s. */
const SILENCE_MS = 12_000;
const RETRY_MS = 2_000;
/** A hidden tab closes its connection after this time, or when another tab opens one. */
const HIDDEN_MS = 60_000;
/** Reaches the other tabs of this browser. */
const tabs = new BroadcastChannel("penstock.live");

let retry: (() => void) | null = null;

/** Retries immediately. */
export function reconnect(): void {
  retry?.();
}

/** Reducers by event name. The first event is a complete snapshot. */
export type Reducers<Messages, T> = {
  readonly [Name in keyof Messages]: (before: T | null, message: Messages[Name]) => T;
};

/**
 * Follows `path` while the page shows it; null until the first event.
 * @param reducers by event name; messages are trusted to match the host's API
 */
export function useLive<Messages, T>(path: string, reducers: Reducers<Messages, T>): T | null {
  const [{ of, state }, dispatch] = useReducer(
    (before: { of: string; state: T | null }, step: { of: string; reduce: (state: T | null) => T }) => ({
      of: step.of,
      state: step.reduce(before.of === step.of ? before.state : null),
    }),
    { of: path, state: null },
  );
  useEffect(() => {
    const handlers = Object.entries<(before: T | null, message: never) => T>(reducers);
    const onEvent = (name: string, data: string): void => {
      const handle = handlers.find(([known]) => known === name)?.[1];
      // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the host's own API, of the same version
      const message = JSON.parse(data) as never;
      if (handle !== undefined) dispatch({ of: path, reduce: (before) => handle(before, message) });
    };
    return follow(path, Object.keys(reducers), onEvent);
  }, [path]);
  return of === path ? state : null;
}

/**
 * Opens the page's stream, and reopens it when it breaks.
 * @param onRefused called if the host refuses the stream; it is not asked again
 * @returns closes the stream
 */
export function follow(
  path: string,
  events: readonly string[],
  onEvent: (event: string, data: string) => void,
  onRefused?: (error: ApiError) => void,
): () => void {
  let source: EventSource | null = null;
  let seenAt: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const lose = (): void => {
    close();
    connection.set({ state: "lost", seenAt });
    timer = setTimeout(open, RETRY_MS);
  };
  const heard = (): void => {
    seenAt = Date.now();
    if (connection.get().state !== "live") connection.set({ state: "live" });
    clearTimeout(timer);
    timer = setTimeout(lose, SILENCE_MS);
  };
  const open = (): void => {
    close();
    if (document.hidden || signInNeeded.get()) return;
    // eslint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has no target origin: it stays within its own
    tabs.postMessage("opened");
    const opened = new EventSource(path);
    source = opened;
    timer = setTimeout(lose, SILENCE_MS);
    opened.addEventListener("ping", heard);
    for (const name of events) {
      opened.addEventListener(name, (event: MessageEvent<string>) => {
        heard();
        onEvent(name, event.data);
      });
    }
    opened.addEventListener("error", () => {
      if (source !== opened) return;
      // The event does not say why; an ordinary request does.
      void ask(path, { method: "HEAD" }).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.status === 0) return;
        if (error.status === 401) close();
        else if (onRefused !== undefined && !ended) {
          close();
          onRefused(error);
        }
      });
      lose();
    });
  };
  const pause = (): void => {
    if (!document.hidden || source === null) return;
    close();
    connection.set({ state: "paused" });
  };
  const onVisibility = (): void => {
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(pause, HIDDEN_MS);
    else if (source === null) open();
  };

  connection.set({ state: "connecting" });
  document.addEventListener("visibilitychange", onVisibility);
  tabs.addEventListener("message", pause);
  const unsubscribe = signInNeeded.subscribe(() => open());
  retry = open;
  open();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    tabs.removeEventListener("message", pause);
    unsubscribe();
    clearTimeout(hiddenTimer);
    ended = true;
    close();
    // The next page may have opened its stream before this one closes.
    if (retry !== open) return;
    retry = null;
    connection.set({ state: "idle" });
  };
}
