import type { Series } from "../../api/live-messages.ts";
import type { TopicFigures } from "../topic/topic-figures.ts";

export type TopicSample = Pick<TopicFigures, "topic" | "moved" | "lag">;

export interface SampleTime {
  /** Milliseconds since the epoch, only for the axis of the charts: this clock may be adjusted. */
  readonly epochMs: number;
  /** Monotonic milliseconds, for the rates. */
  readonly monotonicMs: number;
}

/** Rate and lag of the last quarter of an hour, in total and by topic, for the charts. */
export interface History {
  /**
   * Takes one sample of all topics; call it every `historyStepMs`. Topics that are missing from a sample are forgotten.
   * A sample without elapsed time is skipped: its records count in the next one.
   */
  sample(topics: Iterable<TopicSample>, at: SampleTime): void;
  /** Rises with every sample. */
  readonly samples: number;
  readonly total: Series;
  /** Null before the first sample of the topic. */
  of(topic: string): Series | null;
  /** Records per second in the last step; 0 before the first sample. */
  rateOf(topic: string): number;
  readonly rate: number;
}

export const historyStepMs = 5_000;
/** A quarter of an hour. A thousand busy topics take 1.5 MB. */
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
      // The first sample is taken one step after the host's start.
      const elapsedMs = samples === 0 ? historyStepMs : at.monotonicMs - sampledAt.monotonicMs;
      const seconds = elapsedMs / 1000;
      if (seconds <= 0) return;
      const present = new Set<string>();
      let records = 0;
      let lag: number | null = null;
      for (const { topic, moved: all, lag: behind } of topics) {
        present.add(topic);
        let track = tracks.get(topic);
        if (track === undefined) tracks.set(topic, (track = new Track()));
        const moved = track.advance(all);
        track.push(moved / seconds, behind);
        records += moved;
        if (behind !== null) lag = (lag ?? 0) + behind;
      }
      total.push(records / seconds, lag);
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

  /** @returns the increase since the last sample, or the whole count if it was reset */
  advance(moved: number): number {
    const more = moved < this.#moved ? moved : moved - this.#moved;
    this.#moved = moved;
    return more;
  }

  /** @param lag null if unknown */
  push(rate: number, lag: number | null): void {
    this.rates.push(rate);
    this.lags.push(lag ?? Number.NaN);
  }
}

/** Ring buffer of the last values. A list would grow and shrink a thousand times in every step. */
class Ring {
  /** Null while all values are equal, as for an idle topic. */
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
