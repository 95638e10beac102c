import type { HistoryEvent } from "./event.ts";
import { type EventFilter, EventLog } from "./event-log.ts";
import type { HistoryRecord } from "./record.ts";
import { COARSE_STEP_MS, type PastSeries, SeriesStore } from "./series-store.ts";

/** Twenty hosts, each with a week of long and six hours of short steps. */
const MOST_REMEMBERED = 30_000;
/** How much faster than ours the clock of another host may be. */
const MOST_AHEAD_MS = 2 * COARSE_STEP_MS;

/** What happened on all hosts, and their figures, as far back as a host keeps them in memory. */
export class HistoryStore {
  readonly #keepMs: number;
  readonly #series: SeriesStore;
  readonly #events = new EventLog();
  /** Kafka may hold a record twice, and a host reads its own ones back. */
  readonly #seen = new Set<string>();

  /** @param startMs now, in milliseconds since the epoch */
  constructor(startMs: number, keepMs: number) {
    this.#keepMs = keepMs;
    this.#series = new SeriesStore(startMs, keepMs);
  }

  /**
   * Adds a record in any order. The second time, it does nothing. What lies in the future is left out: a host whose clock
   * is fast would push out what all hosts told.
   */
  add(record: HistoryRecord, nowMs: number): void {
    const { run } = record;
    const latest = nowMs + MOST_AHEAD_MS;
    if (record.kind === "step" && record.at > latest) return;
    const place = record.kind === "events" ? `${record.seq}` : `${record.stepMs} ${record.at} ${record.part}`;
    const key = `${run} ${place}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const [oldest] = this.#seen;
    if (this.#seen.size > MOST_REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
    if (record.kind === "events") this.#events.add(record.events.filter(({ at }) => at <= latest));
    else this.#series.add(record);
  }

  /** From when on records count, in milliseconds since the epoch: those of minutes, and others. */
  reach(nowMs: number): { readonly minutesFromMs: number; readonly lastingFromMs: number } {
    return { minutesFromMs: this.#series.minutesFromMs, lastingFromMs: nowMs - this.#keepMs };
  }

  /** The newest events that match, newest first: `size` of them, and all of the same time as the last of these. */
  events(filter: EventFilter, size: number, nowMs: number): readonly HistoryEvent[] {
    this.#events.forgetBefore(nowMs - this.#keepMs);
    return this.#events.find(filter, size);
  }

  /** @param topic null: all topics */
  series(topic: string | null, spanMs: number, nowMs: number): PastSeries {
    return this.#series.series(topic, spanMs, nowMs);
  }
}
