/** How long a partition counts as busy after it had records. */
const LATELY_MS = 1_000;
/** So many are read with no rest: a busy topic of some partitions keeps the latency that it has alone. */
const ALONE = 6;
const REST_MS_EACH = 0.5;
/** Of 300 topics with two records a second each, so fifty travel together. What comes waits half as long on average. */
const REST_MOST_MS = 80;
/** An answer of so many bytes is worth a request. */
const WORTH_BYTES = 64 * 1024;

/** What is remembered of a partition. */
export interface Companion {
  /** The period in which it last had records. */
  busyIn: number;
}

/**
 * How long to wait after an answer of a long poll, before the next fetch.
 *
 * A fetch, and the bulk that comes of it, cost about the same for one record as for fifty. Of a hundred topics with some records a
 * second each, every record would be fetched alone; after a rest of some milliseconds they travel together, so that the number of
 * requests goes with the bytes and not with the topics. A few partitions do not rest: a single topic's records arrive
 * together by themselves once there are many. Nor does what comes after a while of silence: the rest follows an answer.
 */
export class Company {
  #period = 0;
  #busyBefore = 0;
  #busyNow = 0;

  /** It had records. */
  note(companion: Companion, nowMs: number): void {
    this.#turnTo(Math.floor(nowMs / LATELY_MS));
    if (companion.busyIn === this.#period) return;
    companion.busyIn = this.#period;
    this.#busyNow += 1;
  }

  /** How many partitions had records lately. */
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

/** @param busy partitions that had records lately @param bytes of the answer */
export function restMs(busy: number, bytes: number): number {
  if (bytes === 0 || bytes >= WORTH_BYTES) return 0;
  return Math.min(REST_MOST_MS, Math.max(0, busy - ALONE) * REST_MS_EACH);
}
