import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { TopicRow } from "../../api/live-messages.ts";
import { historyStepMs, type History, type TopicSample } from "./history.ts";
import { changesBetween, overviewOf, topicOf, topicRowOf, topicsOf, type LiveInput } from "./views.ts";

/** What a page looks at. */
export type LiveSubject =
  | { readonly view: "overview" }
  | { readonly view: "topics" }
  | { readonly view: "topic"; readonly topic: string };

/** Passes one event on. One that may not be missed ends the stream itself where it is not taken. */
export type TellPage = (event: string, message: object) => void;

/** Keeps open pages up to date. What several of them look at is worked out once. */
export interface LiveHub {
  /** Sends what there is at once, then what changes. @returns ends it */
  subscribe(subject: LiveSubject, send: TellPage): () => void;
  stop(): void;
}

export interface LiveHubDeps {
  readonly history: History;
  /** Both read memory only. */
  look(this: void): LiveInput;
  figures(this: void): Iterable<TopicSample>;
  /** Milliseconds since the epoch. */
  now(this: void): number;
  /** Milliseconds of a clock that is never set. */
  monotonicMs(this: void): number;
  readonly failures: Pick<ThrottledLogger, "error">;
}

const TICK_MS = 1_000;

/** The pages that look at the same thing. */
interface Audience {
  readonly pages: Set<TellPage>;
  /** What all of them were told last, to say nothing where nothing changed; null: not all were told the same. */
  told: string | null;
}

/** Costs nothing while nobody looks, but for one sample of the history every five seconds. */
export function createLiveHub(deps: LiveHubDeps): LiveHub {
  const { history, look, figures } = deps;
  const overviews: Audience = { pages: new Set(), told: null };
  const watched = new Map<string, Audience>();
  const tables = new Set<TellPage>();
  /** As the tables were told last. */
  let rows: ReadonlyMap<string, TopicRow> = new Map();
  let toldSamples = 0;
  let timer: ReturnType<typeof setInterval> | null = null;

  /** A fault of ours in what a timer does must not end the process: it is logged, and the next turn tries again. */
  const every = (ms: number, act: () => void): ReturnType<typeof setInterval> =>
    setInterval(() => {
      try {
        act();
      } catch (error) {
        const fields = { reason: "live_fault", error: messageOf(error) };
        deps.failures.error("a fault while the open pages were kept up to date", fields);
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

  /** @returns ends it */
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
        // The others are told the same first, so that from now on all of them know the same.
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
    stop() {
      clearInterval(sampler);
      if (timer !== null) clearInterval(timer);
    },
  };
}
