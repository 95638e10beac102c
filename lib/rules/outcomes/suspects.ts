import type { Rejection, SourceRecord } from "../model/record.ts";

/**
 * How a record was refused where that may be its own fault, or anybody's. Refused the same way is what has the same
 * status and type in the same index: the reason may quote what differs from try to try.
 */
export type Doubt = Pick<Rejection, "index" | "status" | "type">;

/** What one attempt tells of its own records, and of others. */
export interface Evidence {
  /** By the positions of the attempt's records. */
  readonly doubts: ReadonlyMap<number, Doubt>;
  /** The indices that took a document. */
  readonly written: ReadonlySet<string>;
}

/** What is known as an attempt begins. */
export interface AttemptStart {
  readonly time: number;
  /** By position: refused this way once more, it is the record's own fault. */
  readonly proven: ReadonlyMap<number, Doubt>;
}

/** Fewer tell nothing: what refuses may be in the middle of a change, or of its end. */
const REFUSALS = 3;
/** About 200 bytes each. Where more are refused at once, it is hardly theirs; those beyond wait for their turn. */
const MAX_SUSPECTS = 10_000;

const NOTHING: ReadonlyMap<number, Doubt> = new Map();

interface Suspicion extends Doubt {
  readonly partition: number;
  readonly offset: number;
  refusals: number;
  /** When it had been refused often enough; null: not yet. */
  enoughAt: number | null;
  /** True: an attempt that began after that wrote other documents into the same index. */
  othersWritten: boolean;
}

/**
 * The records of one topic that were refused in a way that may be their own fault, and what was seen since. Own fault it is
 * where a record was refused the same way several times, then others were written into the same index, or a later day's, and it
 * was refused once more: whatever was broken for all of them is well by then. While nothing is written, nobody is to blame.
 *
 * Attempts run side by side, so each has a beginning and an end on one clock: an answer that was under way while the record
 * was refused proves nothing, nor does a refusal that was under way while others were written.
 */
export class Suspects {
  readonly #known = new Map<string, Suspicion>();
  #clock = 0;

  /** Nothing is suspected: what an attempt wrote tells nothing. */
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

  /** @param outcomes by position; null: none yet */
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

  /** Whether each of these records was refused often enough to wait for what others tell. */
  holds(records: readonly SourceRecord[]): boolean {
    return records.every((record) => (this.#known.get(keyOf(record))?.enoughAt ?? null) !== null);
  }

  /**
   * Those of partitions that others read now, and those that others settled, are not heard of again.
   * @param positions where each partition that is read here goes on; null: at its beginning
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
 * Whether what was written shows that an index would take documents: into it, or one of a later day. Nobody else may ever write
 * into that of a day long ago, and one such record would hold up its partition for good. Not of an earlier day: the new
 * day's index may be what cannot be made, while late records of yesterday are taken.
 */
function showsWell(written: ReadonlySet<string>, index: string): boolean {
  // Those of one topic differ in their days alone, year first.
  return [...written].some((other) => other >= index);
}

/** The timestamp too: a topic that was created again has other records at the same offsets. */
function keyOf({ partition, offset, timestamp }: SourceRecord): string {
  return `${partition}:${offset}:${timestamp}`;
}

/** Whether a record was refused the same way. */
export function isSame(one: Doubt, other: Doubt): boolean {
  return one.index === other.index && one.status === other.status && one.type === other.type;
}
