import type { Rejection, SourceRecord } from "../model/record.ts";

/**
 * An ambiguous refusal of a record. Two refusals are the same if index, status and type are: the reason may quote
 * details that differ between attempts.
 */
export type Doubt = Pick<Rejection, "index" | "status" | "type">;

/** What one attempt shows about its own records and about others. */
export interface Evidence {
  /** By the positions of the attempt's records. */
  readonly doubts: ReadonlyMap<number, Doubt>;
  /** The indices that accepted a document. */
  readonly written: ReadonlySet<string>;
}

/** What is known when an attempt begins. */
export interface AttemptStart {
  readonly time: number;
  /** By position: another refusal of this kind proves the record's own fault. */
  readonly proven: ReadonlyMap<number, Doubt>;
}

/** Fewer prove nothing: the pipeline or mapping may be in the middle of a change. */
const REFUSALS = 3;
/** About 200 bytes each. If more are refused at once, the fault is hardly theirs; the rest wait their turn. */
const MAX_SUSPECTS = 10_000;

const NOTHING: ReadonlyMap<number, Doubt> = new Map();

interface Suspicion extends Doubt {
  readonly partition: number;
  readonly offset: number;
  refusals: number;
  /** When it had been refused `REFUSALS` times; null if it has not. */
  enoughAt: number | null;
  /** Whether an attempt that began after `enoughAt` wrote other documents to the same index. */
  othersWritten: boolean;
}

/**
 * Decides whether the ambiguous refusals of one topic's records are the records' own fault. They are if a record was
 * refused the same way several times, then others were written to the same index or a later day's, and then it was
 * refused once more: whatever was broken for all records works again by then. While nothing is written, no record is to
 * blame.
 *
 * Attempts run concurrently, so each has a beginning and an end on one logical clock. An answer that was under way
 * while the record was refused proves nothing, nor does a refusal that was under way while others were written.
 */
export class Suspects {
  readonly #known = new Map<string, Suspicion>();
  #clock = 0;

  /** While nothing is suspected, what attempts write is of no interest. */
  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  begin(records: readonly SourceRecord[]): AttemptStart {
    this.#clock += 1;
    if (this.#known.size === 0) return { time: this.#clock, proven: NOTHING };
    const proven = new Map<number, Doubt>();
    for (const [position, record] of records.entries()) {
      const suspicion = this.#known.get(keyOf(record));
      if (suspicion?.othersWritten === true) proven.set(position, suspicion);
    }
    return { time: this.#clock, proven };
  }

  /** @param outcomes by position; null if none yet */
  end(
    start: AttemptStart,
    records: readonly SourceRecord[],
    outcomes: readonly unknown[],
    { doubts, written }: Evidence,
  ): void {
    this.#clock += 1;
    for (const suspicion of this.#known.values()) {
      const { enoughAt, index } = suspicion;
      if (enoughAt !== null && enoughAt < start.time && showsWell(written, index))
        suspicion.othersWritten = true;
    }
    if (this.#known.size > 0) {
      for (const [position, record] of records.entries())
        if ((outcomes[position] ?? null) !== null) this.#known.delete(keyOf(record));
    }
    for (const [position, doubt] of doubts) {
      const record = records[position];
      if (record !== undefined && (outcomes[position] ?? null) === null) this.#refused(record, doubt);
    }
  }

  /** Whether each of these records was refused often enough, and now waits for evidence from others. */
  holds(records: readonly SourceRecord[]): boolean {
    return records.every((record) => (this.#known.get(keyOf(record))?.enoughAt ?? null) !== null);
  }

  /**
   * Forgets the records of partitions that other hosts read now, and those that other hosts settled.
   * @param positions where this host resumes each of its partitions; null for the beginning
   */
  keep(positions: ReadonlyMap<number, number | null>): void {
    for (const [key, { partition, offset }] of this.#known) {
      const position = positions.get(partition);
      if (position === undefined || offset < (position ?? 0)) this.#known.delete(key);
    }
  }

  #refused(record: SourceRecord, doubt: Doubt): void {
    const key = keyOf(record);
    let suspicion = this.#known.get(key);
    if (suspicion === undefined || !isSame(suspicion, doubt)) {
      if (suspicion === undefined && this.#known.size >= MAX_SUSPECTS) return;
      const { index, status, type } = doubt;
      const { partition, offset } = record;
      const seen = { refusals: 0, enoughAt: null, othersWritten: false };
      suspicion = { partition, offset, index, status, type, ...seen };
      this.#known.set(key, suspicion);
    }
    suspicion.refusals += 1;
    if (suspicion.refusals === REFUSALS) suspicion.enoughAt = this.#clock;
  }
}

/**
 * Whether the writes show that an index would accept documents: a write to it, or to a later day's index. Nobody may
 * ever write to an old day's index again, and one refused record would then block its partition for good. An earlier
 * day's index proves nothing: it may accept late records while today's index cannot be created.
 */
function showsWell(written: ReadonlySet<string>, index: string): boolean {
  // The indices of one topic differ only in their dates, year first.
  return [...written].some((other) => other >= index);
}

/** Includes the timestamp, because a recreated topic has other records at the same offsets. */
function keyOf({ partition, offset, timestamp }: SourceRecord): string {
  return `${partition}:${offset}:${timestamp}`;
}

/** Whether a record was refused the same way. */
export function isSame(one: Doubt, other: Doubt): boolean {
  return one.index === other.index && one.status === other.status && one.type === other.type;
}
