import { Columns, type OutcomeName } from "./columns.ts";
import { outcomeNames, type StepRecord, type TopicStep } from "./record.ts";

/** The steps in which hosts write their figures, and how far back the short ones are shown. */
export const FINE_STEP_MS = 60_000;
export const COARSE_STEP_MS = 600_000;
export const FINE_SPAN_MS = 6 * 3_600_000;

/** Equal steps from `from` on, oldest first. Null: no host told anything of that step. */
export type PastSeries = {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly stepMs: number;
  readonly lag: readonly (number | null)[];
} & Readonly<Record<OutcomeName, readonly (number | null)[]>>;

/** Topics with figures of their own; those beyond count in the totals only. A busy one takes 20 KB for a week. */
const MAX_TOPICS = 2_000;
/** Within this time after its end, records of a step may still be under way from other hosts. */
const LATE_MS = 15_000;

/**
 * The figures of all hosts, added up, in one-minute steps for the last hours and in ten-minute steps before. Hosts write
 * both; the long ones count only before `from`, where the short ones are not read.
 */
export class SeriesStore {
  readonly #fine: Scale;
  readonly #coarse: Scale;
  /** Where the steps of one minute begin to count. */
  readonly minutesFromMs: number;

  /** @param startMs now, in milliseconds since the epoch @param keepMs how far back the long steps are kept */
  constructor(startMs: number, keepMs: number) {
    this.minutesFromMs = Math.floor((startMs - FINE_SPAN_MS) / COARSE_STEP_MS) * COARSE_STEP_MS;
    this.#fine = new Scale(FINE_STEP_MS, FINE_SPAN_MS);
    this.#coarse = new Scale(COARSE_STEP_MS, keepMs);
  }

  /** Adds a record, in any order; not twice. */
  add(record: StepRecord): void {
    const { at, stepMs, part, topics } = record;
    const isFine = stepMs === FINE_STEP_MS;
    if (!isFine && stepMs !== COARSE_STEP_MS) return;
    if (isFine !== at >= this.minutesFromMs) return;
    if (!isFine) {
      this.#coarse.add(at, topics, part === 0);
      return;
    }
    this.#fine.add(at, topics, part === 0);
    this.#coarse.add(at, topics, part === 0, this.#fine);
  }

  /**
   * The steps that ended within the last `spanMs`, in one-minute steps if they reach as far.
   * @param topic null: all topics
   */
  series(topic: string | null, spanMs: number, nowMs: number): PastSeries {
    const scale = spanMs <= FINE_SPAN_MS ? this.#fine : this.#coarse;
    return scale.series(topic, spanMs, nowMs - LATE_MS);
  }
}

/** One length of steps. */
class Scale {
  readonly #stepMs: number;
  readonly #slots: number;
  #newest = -1;
  readonly #total: Columns;
  /** By slot, how many hosts told of it. */
  readonly #told: Uint16Array;
  readonly #topics = new Map<string, { readonly columns: Columns; last: number }>();

  constructor(stepMs: number, spanMs: number) {
    this.#stepMs = stepMs;
    this.#slots = Math.ceil(spanMs / stepMs) + 1;
    this.#total = new Columns(this.#slots);
    this.#told = new Uint16Array(this.#slots);
  }

  /** @param fine if the steps are shorter ones: the highest lag among them counts, not their sum */
  add(at: number, topics: readonly TopicStep[], isFirst: boolean, fine?: Scale): void {
    const slot = Math.floor(at / this.#stepMs);
    if (slot <= this.#newest - this.#slots) return;
    this.#advance(slot);
    if (isFirst) this.#told[slot % this.#slots] = 1 + (this.#told[slot % this.#slots] ?? 0);
    for (const step of topics) {
      const counts = fine === undefined ? step : { ...step, lag: 0 };
      this.#total.add(slot, counts);
      const own = this.#of(step.topic, slot);
      own?.add(slot, counts);
      if (fine === undefined) continue;
      if (own !== null) raiseLag(own, slot, fine.lagAt(step.topic, at));
    }
    if (fine !== undefined) raiseLag(this.#total, slot, fine.lagAt(null, at));
  }

  lagAt(topic: string | null, at: number): number | null {
    const columns = topic === null ? this.#total : this.#topics.get(topic)?.columns;
    return columns?.lag(Math.floor(at / this.#stepMs)) ?? null;
  }

  series(topic: string | null, spanMs: number, nowMs: number): PastSeries {
    const columns = topic === null ? this.#total : (this.#topics.get(topic)?.columns ?? new Columns(1));
    const end = Math.floor(nowMs / this.#stepMs);
    const wanted = Math.min(Math.ceil(spanMs / this.#stepMs), this.#slots - 1);
    const slots = Array.from({ length: wanted }, (_, place) => end - wanted + place);
    const isKnown = (slot: number): boolean =>
      slot <= this.#newest && slot > this.#newest - this.#slots && (this.#told[slot % this.#slots] ?? 0) > 0;
    const of = <T>(value: (slot: number) => T): (T | null)[] =>
      slots.map((slot) => (isKnown(slot) ? value(slot) : null));
    const counted = outcomeNames.map((name) => [name, of((slot) => columns.count(name, slot))] as const);
    const [indexed, duplicate, deadLettered, skipped] = counted.map(([, values]) => values);
    return {
      from: (end - wanted) * this.#stepMs,
      stepMs: this.#stepMs,
      lag: of((slot) => columns.lag(slot)),
      indexed: indexed ?? [],
      duplicate: duplicate ?? [],
      deadLettered: deadLettered ?? [],
      skipped: skipped ?? [],
    };
  }

  #of(topic: string, slot: number): Columns | null {
    const known = this.#topics.get(topic);
    if (known !== undefined) {
      known.last = Math.max(known.last, slot);
      return known.columns;
    }
    if (this.#topics.size >= MAX_TOPICS) return null;
    const columns = new Columns(this.#slots);
    this.#topics.set(topic, { columns, last: slot });
    return columns;
  }

  /** Forgets what is older than the ring is long. */
  #advance(slot: number): void {
    if (slot <= this.#newest) return;
    const passed = this.#newest < 0 ? 0 : Math.min(slot - this.#newest, this.#slots);
    for (const [topic, { columns, last }] of this.#topics) {
      if (last <= slot - this.#slots) this.#topics.delete(topic);
      else for (let past = 0; past < passed; past += 1) columns.clear(slot - past);
    }
    for (let past = 0; past < passed; past += 1) {
      this.#total.clear(slot - past);
      this.#told[(slot - past) % this.#slots] = 0;
    }
    this.#newest = slot;
  }
}

function raiseLag(columns: Columns, slot: number, lag: number | null): void {
  if (lag !== null && lag > (columns.lag(slot) ?? 0)) columns.setLag(slot, lag);
}
