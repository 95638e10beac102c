import { concerns, type HistoryEvent, type HistoryKind } from "./event.ts";

export interface EventFilter {
  /** Null: of all topics. */
  readonly topic: string | null;
  /** Empty: of all kinds. */
  readonly kinds: readonly HistoryKind[];
  /** Milliseconds since the epoch; `to` is excluded. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of some hundred bytes; at most 100 MB if somebody writes events that are as large as they may be. */
const MAX_EVENTS = 5_000;
/** The same once more within this time is not worth another line: a topic that fails again and again would fill the log. */
const REPEATED_MS = 600_000;
/** Topics, or groups of topics, of which the last event is remembered. */
const MAX_REMEMBERED = 10_000;

/** The newest events of all hosts, in the order of their times. */
export class EventLog {
  #events: HistoryEvent[] = [];

  add(events: readonly HistoryEvent[]): void {
    let latest = this.#events.at(-1)?.at ?? 0;
    let isSorted = true;
    for (const event of events) {
      if (event.at < latest) isSorted = false;
      latest = event.at;
      this.#events.push(event);
    }
    if (!isSorted) this.#events.sort((a, b) => a.at - b.at);
    if (this.#events.length > MAX_EVENTS) this.#events = this.#events.slice(-MAX_EVENTS);
  }

  /** Drops what is older. */
  forgetBefore(ms: number): void {
    if ((this.#events[0]?.at ?? Infinity) < ms) this.#events = this.#events.filter(({ at }) => at >= ms);
  }

  /** The newest `size` that match and all of the same time as the last of these, newest first. */
  find({ topic, kinds, fromMs, toMs }: EventFilter, size: number): readonly HistoryEvent[] {
    const found: HistoryEvent[] = [];
    for (const event of this.#events.toReversed()) {
      if (event.at >= toMs) continue;
      if (event.at < fromMs || (found.length >= size && event.at < (found.at(-1)?.at ?? 0))) break;
      if (topic !== null && !concerns(event, topic)) continue;
      if (kinds.length === 0 || kinds.includes(event.kind)) found.push(event);
    }
    return found;
  }
}

/** Tells events apart from repetitions. */
export class Repetitions {
  readonly #last = new Map<string, { readonly at: number; readonly said: string }>();

  /** Whether the last that was told of the same topics is the same, and recent. */
  isRepeated({ at, text, topics, fields: { leftOut: _leftOut, ...fields } }: HistoryEvent): boolean {
    const about = topics.join(" ");
    const said = JSON.stringify([text, fields]);
    const last = this.#last.get(about);
    if (last?.said === said && at - last.at < REPEATED_MS) return true;
    this.#last.delete(about);
    this.#last.set(about, { at, said });
    const [oldest] = this.#last.keys();
    if (this.#last.size > MAX_REMEMBERED && oldest !== undefined) this.#last.delete(oldest);
    return false;
  }
}
