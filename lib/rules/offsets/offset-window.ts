import type { Checkpoint } from "./checkpoint.ts";

/** Limit of passed records kept while commits fail: 4 MB. */
const MAX_UNCOMMITTED = 250_000;

/**
 * Tracks the committable offset of one partition: the end of the contiguous prefix whose outcomes are known.
 *
 * Offsets are expected in ascending order, as Kafka delivers them. A gap between two expected offsets (transaction markers,
 * aborted or compacted records) contains no record for us and counts as acknowledged.
 */
export class OffsetWindow {
  /** Expected offsets in order; those before `#head` are passed, those before `#done` also committed. */
  #expected: number[] = [];
  /** Their timestamps, at the same positions. */
  #timestamps: number[] = [];
  #head = 0;
  #done = 0;
  #last: Checkpoint | null;
  /** Known outcomes beyond the first unknown one. */
  readonly #early = new Set<number>();
  /** One past the last fetched offset: the position once nothing is expected any more. */
  #end: number;

  /**
   * @param position the offset of the first record to be fetched
   * @param last the last record before it, if known
   */
  constructor(position: number, last: Checkpoint | null = null) {
    this.#end = position;
    this.#last = last;
  }

  /**
   * Adds the records of a fetch.
   * @param records in ascending order of offsets, all at or above the previous end
   * @param end one past the last offset that the fetch covers
   */
  expect(records: Iterable<Checkpoint>, end: number): void {
    for (const { offset, timestamp } of records) {
      this.#expected.push(offset);
      this.#timestamps.push(timestamp);
    }
    this.#end = Math.max(this.#end, end);
  }

  /** Marks the outcome of this offset's record as known. */
  resolve(offset: number): void {
    if (offset !== this.#expected[this.#head]) {
      this.#early.add(offset);
      return;
    }
    this.#head += 1;
    while (this.#early.size > 0) {
      const next = this.#expected[this.#head];
      if (next === undefined || !this.#early.delete(next)) break;
      this.#head += 1;
    }
    this.#compact();
  }

  /** The start of the next fetch. */
  get end(): number {
    return this.#end;
  }

  /** The next offset to read after a restart: all records before it have a known outcome. */
  get committable(): number {
    return this.#expected[this.#head] ?? this.#end;
  }

  /** The last record before `committable`; null if unknown. */
  get last(): Checkpoint | null {
    const [offset, timestamp] = [this.#expected[this.#head - 1], this.#timestamps[this.#head - 1]];
    return offset === undefined || timestamp === undefined ? this.#last : { offset, timestamp };
  }

  /** The first record without a known outcome; null if none was fetched. */
  get first(): Checkpoint | null {
    const [offset, timestamp] = [this.#expected[this.#head], this.#timestamps[this.#head]];
    return offset === undefined || timestamp === undefined ? null : { offset, timestamp };
  }

  /** The number of records whose outcome is unknown, or known but after an unknown one. */
  get pending(): number {
    return this.#expected.length - this.#head;
  }

  /** Marks everything before this offset as committed, so that it can be freed. */
  committed(offset: number): void {
    while (this.#done < this.#head && (this.#expected[this.#done] ?? offset) < offset) this.#done += 1;
    this.#compact();
  }

  /** The uncommitted records with a known outcome: those passed, and those after one that is still unknown. */
  *known(): Generator<Checkpoint> {
    const end = this.#early.size === 0 ? this.#head : this.#expected.length;
    for (let at = this.#done; at < end; at += 1) {
      const [offset = -1, timestamp = -1] = [this.#expected[at], this.#timestamps[at]];
      if (at < this.#head || this.#early.has(offset)) yield { offset, timestamp };
    }
  }

  /** Frees the committed part once it exceeds the rest, so that each offset is copied once on average. */
  #compact(): void {
    this.#done = Math.max(this.#done, this.#head - MAX_UNCOMMITTED);
    if (this.#done < 1024 || this.#done * 2 < this.#expected.length) return;
    const [offset = -1, timestamp = -1] = [this.#expected[this.#done - 1], this.#timestamps[this.#done - 1]];
    this.#last = { offset, timestamp };
    this.#expected = this.#expected.slice(this.#done);
    this.#timestamps = this.#timestamps.slice(this.#done);
    this.#head -= this.#done;
    this.#done = 0;
  }
}
