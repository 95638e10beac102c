import type { Series } from "../../api/live-messages.ts";
import type { TopicFigures } from "../topic/topic-figures.ts";

export type TopicSample = Pick<TopicFigures, "topic" | "moved" | "lag">;

export interface SampleTime {
  /** Milliseconds since the epoch, for the charts' axis alone: this clock may be set. */
  readonly epochMs: number;
  /** Milliseconds of a clock that is never set, for the rates. */
  readonly monotonicMs: number;
}

/** How the host's rate and lag went in the last quarter of an hour, in all and by topic, for the charts. */
export interface History {
  /**
   * Takes one sample of all topics; call it every `stepMs`. Topics that are not among them any more are forgotten.
   * One that follows after no time is left out: what it found is in the next.
   */
  sample(topics: Iterable<TopicSample>, at: SampleTime): void;
  /** Rises with every sample. */
  readonly samples: number;
  readonly total: Series;
  /** Null: no sample of it yet. */
  of(topic: string): Series | null;
  /** Records per second in the last step; 0 where there is no sample yet. */
  rateOf(topic: string): number;
  readonly rate: number;
}

export const historyStepMs = 5_000;
/** A quarter of an hour. A thousand topics that move take 1.5 MB. */
const KEPT = 180;

export function createHistory(): History {
  const total = new Track();
  const tracks = new Map<string, Track>();
  let samples = 0;
  let sampledAt: SampleTime = { epochMs: 0, monotonicMs: 0 };

  const seriesOf = (track: Track): Series => ({
    endMs: sampledAt.epochMs,
    stepMs: historyStepMs,
    rate: track.rates.values(),
    lag: track.lags.values().map((lag) => (Number.isNaN(lag) ? null : lag)),
  });

  return {
    sample(topics, at) {
      const seconds = samples === 0 ? 0 : (at.monotonicMs - sampledAt.monotonicMs) / 1000;
      if (samples > 0 && seconds <= 0) return;
      const present = new Set<string>();
      let records = 0;
      let lag: number | null = null;
      for (const { topic, moved: all, lag: behind } of topics) {
        present.add(topic);
        let track = tracks.get(topic);
        if (track === undefined) tracks.set(topic, (track = new Track()));
        const moved = track.advance(all);
        track.push(seconds === 0 ? 0 : moved / seconds, behind);
        records += moved;
        if (behind !== null) lag = (lag ?? 0) + behind;
      }
      total.push(seconds === 0 ? 0 : records / seconds, lag);
      for (const topic of tracks.keys()) if (!present.has(topic)) tracks.delete(topic);
      samples += 1;
      sampledAt = at;
    },
    get samples() {
      return samples;
    },
    get total() {
      return seriesOf(total);
    },
    of(topic) {
      const track = tracks.get(topic);
      return track === undefined ? null : seriesOf(track);
    },
    rateOf: (topic) => tracks.get(topic)?.rates.last ?? 0,
    get rate() {
      return total.rates.last;
    },
  };
}

class Track {
  readonly rates = new Ring();
  readonly lags = new Ring();
  #moved = 0;

  /** @returns how many records more there are than last time; all of them where counting began anew */
  advance(moved: number): number {
    const more = moved < this.#moved ? moved : moved - this.#moved;
    this.#moved = moved;
    return more;
  }

  /** @param lag null: not known */
  push(rate: number, lag: number | null): void {
    this.rates.push(rate);
    this.lags.push(lag ?? Number.NaN);
  }
}

/** The last values, without a list that grows and shrinks a thousand times every step. */
class Ring {
  /** Null: all of them are the same, as those of a topic in which nothing happens. */
  #values: Float32Array | null = null;
  #same = 0;
  #count = 0;

  push(value: number): void {
    if (this.#count === 0) this.#same = value;
    if (this.#values === null && !Object.is(value, this.#same))
      this.#values = new Float32Array(KEPT).fill(this.#same);
    if (this.#values !== null) this.#values[this.#count % KEPT] = value;
    this.#count += 1;
  }

  get last(): number {
    return this.#count === 0 ? 0 : this.#at(this.#count - 1);
  }

  #at(count: number): number {
    return rounded(this.#values?.[count % KEPT] ?? this.#same);
  }

  /** Oldest first. */
  values(): number[] {
    const kept = Math.min(this.#count, KEPT);
    return Array.from({ length: kept }, (_, place) => this.#at(this.#count - kept + place));
  }
}

/** One decimal place: more is noise, and bytes on the wire. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
