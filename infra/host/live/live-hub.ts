import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { HostSummary, TopicRow } from "../../api/live-messages.ts";
import { historyStepMs, type History, type TopicSample } from "./history.ts";
import { changesBetween, overviewOf, topicOf, topicRowOf, topicsOf, type LiveInput } from "./views.ts";

/** What a page shows. */
export type LiveSubject =
  | { readonly view: "overview" }
  | { readonly view: "topics" }
  | { readonly view: "topic"; readonly topic: string };

/** Sends one event. If an event that must not be missed is not accepted, it ends the stream. */
export type TellPage = (event: string, message: object) => void;

/** Keeps open pages up to date. A view shown on several pages is computed once. */
export interface LiveHub {
  /** Sends the current state immediately, then changes. @returns unsubscribes */
  subscribe(subject: LiveSubject, send: TellPage): () => void;
  /** For every page, also those that follow no view. */
  summary(): HostSummary;
  stop(): void;
}

export interface LiveHubDeps {
  readonly about: Pick<HostSummary, "name" | "version">;
  readonly history: History;
  /** Reads memory only, like `figures`. */
  look(this: void): LiveInput;
  figures(this: void): Iterable<TopicSample>;
  /** Milliseconds since the epoch. */
  now(this: void): number;
  /** Monotonic clock, in milliseconds. */
  monotonicMs(this: void): number;
  readonly failures: Pick<ThrottledLogger, "error">;
}

const TICK_MS = 1_000;

/** The pages that show the same view. */
interface Audience {
  readonly pages: Set<TellPage>;
  /** The last message sent to all of them, to skip unchanged ones; null if they did not all receive the same one. */
  told: string | null;
}

/** Without open pages the only cost is one history sample every 5 s. */
export function createLiveHub(deps: LiveHubDeps): LiveHub {
  const { history, look, figures } = deps;
  const overviews: Audience = { pages: new Set(), told: null };
  const watched = new Map<string, Audience>();
  const tables = new Set<TellPage>();
  /** As last sent to the tables. */
  let rows: ReadonlyMap<string, TopicRow> = new Map();
  let toldSamples = 0;
  let timer: ReturnType<typeof setInterval> | null = null;

  /** A bug in a timer callback must not end the process: it is logged, and the next tick tries again. */
  const every = (ms: number, act: () => void): ReturnType<typeof setInterval> =>
    setInterval(() => {
      try {
        act();
      } catch (error) {
        const fields = { reason: "live_fault", error: messageOf(error) };
        deps.failures.error("updating the open pages failed", fields);
      }
    }, ms);

  const sampler = every(historyStepMs, () =>
    history.sample(figures(), { epochMs: deps.now(), monotonicMs: deps.monotonicMs() }),
  );

  const tell = (audience: Audience, event: string, message: { readonly at: number }): void => {
    const { at: _at, ...rest } = message;
    const comparable = JSON.stringify(rest);
    if (audience.told === comparable) return;
    audience.told = comparable;
    for (const send of audience.pages) send(event, message);
  };

  const tellTables = ({ at, statuses }: LiveInput): void => {
    const now = new Map(
      statuses.map((status) => [status.topic, topicRowOf(status, history.rateOf(status.topic))]),
    );
    const changes = changesBetween(rows, now, { at, stepped: history.samples !== toldSamples });
    rows = now;
    toldSamples = history.samples;
    if (changes === null) return;
    for (const send of tables) send("changes", changes);
  };

  const tick = (): void => {
    const input = look();
    if (overviews.pages.size > 0) tell(overviews, "overview", overviewOf(input));
    for (const [topic, audience] of watched) tell(audience, "topic", topicOf(topic, input));
    if (tables.size > 0) tellTables(input);
  };

  /** @returns leaves */
  const join = (pages: Set<TellPage>, send: TellPage, onLast?: () => void): (() => void) => {
    pages.add(send);
    timer ??= every(TICK_MS, tick);
    return () => {
      if (!pages.delete(send)) return;
      if (pages.size === 0) onLast?.();
      if (overviews.pages.size + tables.size + watched.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    };
  };

  return {
    subscribe(subject, send) {
      const input = look();
      if (subject.view === "topics") {
        // The other tables receive the same state first, so that one set of changes fits all from now on.
        tellTables(input);
        send("topics", topicsOf(input.at, rows, history));
        return join(tables, send);
      }
      if (subject.view === "overview") {
        send("overview", overviewOf(input));
        overviews.told = null;
        return join(overviews.pages, send);
      }
      const { topic } = subject;
      send("topic", topicOf(topic, input));
      const audience = watched.get(topic) ?? { pages: new Set(), told: null };
      watched.set(topic, audience);
      audience.told = null;
      return join(audience.pages, send, () => watched.delete(topic));
    },
    summary() {
      const { startedAt, verdict } = overviewOf(look());
      const { name, version } = deps.about;
      return { name, version, startedAt, verdict };
    },
    stop() {
      clearInterval(sampler);
      if (timer !== null) clearInterval(timer);
    },
  };
}
