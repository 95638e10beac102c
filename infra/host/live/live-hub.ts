import type { TopicRow } from "../../console/live-messages.ts";
import { historyStepMs, type History } from "./history.ts";
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
  topics(this: void): LiveInput["statuses"];
  /** Milliseconds since the epoch. */
  now(this: void): number;
}

const TICK_MS = 1_000;

/** Costs nothing while nobody looks, but for one sample of the history every five seconds. */
export function createLiveHub({ history, look, topics, now }: LiveHubDeps): LiveHub {
  const overviews = new Set<TellPage>();
  const tables = new Set<TellPage>();
  const watched = new Map<string, Set<TellPage>>();
  /** As the tables were told last; null: nobody looks at them. */
  let rows: ReadonlyMap<string, TopicRow> | null = null;
  let told = 0;
  /** What was sent last, by view, to send nothing where nothing changed. */
  const last = new Map<string, string>();
  let timer: ReturnType<typeof setInterval> | null = null;

  const sampler = setInterval(() => history.sample(topics(), now()), historyStepMs);

  const tell = (
    name: string,
    event: string,
    message: { readonly at: number },
    to: Iterable<TellPage>,
  ): void => {
    const { at: _at, ...rest } = message;
    const comparable = JSON.stringify(rest);
    if (last.get(name) === comparable) return;
    last.set(name, comparable);
    for (const send of to) send(event, message);
  };

  const rowsOf = ({ statuses }: LiveInput): Map<string, TopicRow> =>
    new Map(statuses.map((status) => [status.topic, topicRowOf(status, history.rateOf(status.topic))]));

  const tick = (): void => {
    const input = look();
    if (overviews.size > 0) tell("overview", "overview", overviewOf(input), overviews);
    for (const [topic, watchers] of watched) tell(`topic ${topic}`, "topic", topicOf(topic, input), watchers);
    if (tables.size === 0) return;
    const now = rowsOf(input);
    const changes = changesBetween(rows ?? new Map<string, TopicRow>(), now, {
      at: input.at,
      stepped: history.samples !== told,
    });
    rows = now;
    told = history.samples;
    if (changes === null) return;
    for (const send of tables) send("changes", changes);
  };

  const watch = (watchers: Set<TellPage>, send: TellPage, onLast: () => void): (() => void) => {
    watchers.add(send);
    timer ??= setInterval(tick, TICK_MS);
    return () => {
      watchers.delete(send);
      if (watchers.size === 0) onLast();
      if (overviews.size + tables.size + watched.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    };
  };

  const watchTopics = (send: TellPage): (() => void) => {
    const input = look();
    // The others are told at the next tick what changed since the last; this one is told the same, which changes nothing.
    if (rows === null) {
      rows = rowsOf(input);
      told = history.samples;
    }
    send("topics", topicsOf(input.at, rows, history));
    return watch(tables, send, () => (rows = null));
  };

  return {
    subscribe(subject, send) {
      if (subject.view === "topics") return watchTopics(send);
      const input = look();
      if (subject.view === "overview") {
        send("overview", overviewOf(input));
        return watch(overviews, send, () => last.delete("overview"));
      }
      const { topic } = subject;
      send("topic", topicOf(topic, input));
      const watchers = watched.get(topic) ?? new Set<TellPage>();
      watched.set(topic, watchers);
      return watch(watchers, send, () => {
        watched.delete(topic);
        last.delete(`topic ${topic}`);
      });
    },
    stop() {
      clearInterval(sampler);
      if (timer !== null) clearInterval(timer);
    },
  };
}
