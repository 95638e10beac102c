/** The period by which partitions count as busy. */
const LATELY_MS = 1_000;
/** Up to this many busy partitions are read without a rest, so a single busy topic keeps its latency. */
const ALONE = 6;
const REST_MS_EACH = 0.5;
/** With 300 topics of two records a second, about fifty share a request. Records wait half of it on average. */
const REST_MOST_MS = 80;
/** An answer this large is worth a request of its own. */
const WORTH_BYTES = 64 * 1024;

/** The state kept for a partition. */
export interface Companion {
  /** The period in which it last had records. */
  busyIn: number;
}

/**
 * Counts the busy partitions, which decide how long to rest after the answer of a long poll before the next fetch.
 *
 * A fetch and its bulk cost about the same for one record as for fifty. Without a rest, a hundred topics with a few
 * records a second each would have every record fetched alone. A rest of some milliseconds lets them travel together,
 * so that requests scale with bytes, not topics. A few partitions do not rest: the records of one busy topic arrive
 * together anyway. Records after a quiet period do not wait either, because the rest follows an answer.
 */
export class Company {
  #period = 0;
  #busyBefore = 0;
  #busyNow = 0;

  /** Notes that a partition had records. */
  note(companion: Companion, nowMs: number): void {
    this.#turnTo(Math.floor(nowMs / LATELY_MS));
    if (companion.busyIn === this.#period) return;
    companion.busyIn = this.#period;
    this.#busyNow += 1;
  }

  /** How many partitions had records recently. */
  busy(nowMs: number): number {
    this.#turnTo(Math.floor(nowMs / LATELY_MS));
    return Math.max(this.#busyBefore, this.#busyNow);
  }

  #turnTo(period: number): void {
    if (period === this.#period) return;
    this.#busyBefore = period === this.#period + 1 ? this.#busyNow : 0;
    this.#busyNow = 0;
    this.#period = period;
  }
}

/** @param busy partitions that had records recently @param bytes of the answer */
export function restMs(busy: number, bytes: number): number {
  if (bytes === 0 || bytes >= WORTH_BYTES) return 0;
  return Math.min(REST_MOST_MS, Math.max(0, busy - ALONE) * REST_MS_EACH);
}
