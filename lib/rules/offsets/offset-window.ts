import type { Checkpoint } from "./checkpoint.ts";

/** Passed records that are kept where commits fail: 4 MB. */
const MAX_UNCOMMITTED = 250_000;

/**
 * Which offset of one partition may be committed: the end of the contiguous prefix whose outcomes are known.
 *
 * Offsets are expected in ascending order, as Kafka delivers them. What lies between two expected offsets
 * (transaction markers, aborted or compacted records) holds no record for us and counts as acknowledged.
 */
export class OffsetWindow {
  /** Expected offsets in order; those before `#head` are passed, those before `#done` committed too. */
  #expected: number[] = [];
  /** Their timestamps, by the same positions. */
  #timestamps: number[] = [];
  #head = 0;
  #done = 0;
  #last: Checkpoint | null;
  /** Known outcomes beyond the first unknown one. */
  readonly #early = new Set<number>();
  /** Where to go on once nothing is expected any more: one past the last fetched offset. */
  #end: number;

  /**
   * @param position the offset of the first record that is going to be fetched
   * @param last the last record before it, where known
   */
  constructor(position: number, last: Checkpoint | null = null) {
    this.#end = position;
    this.#last = last;
  }

  /**
   * Adds what a fetch returned.
   * @param records in ascending order of their offsets, all at or above the former end
   * @param end one past the last offset that the fetch covers
   */
  expect(records: Iterable<Checkpoint>, end: number): void {
    for (const { offset, timestamp } of records) {
      this.#expected.push(offset);
      this.#timestamps.push(timestamp);
    }
    this.#end = Math.max(this.#end, end);
  }

  /** The outcome of this offset's record is known. */
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

  /** Where the next fetch has to begin. */
  get end(): number {
    return this.#end;
  }

  /** The next offset to read after a restart: everything before it has a known outcome. */
  get committable(): number {
    return this.#expected[this.#head] ?? this.#end;
  }

  /** The last record before `committable`; null: none is known. */
  get last(): Checkpoint | null {
    const [offset, timestamp] = [this.#expected[this.#head - 1], this.#timestamps[this.#head - 1]];
    return offset === undefined || timestamp === undefined ? this.#last : { offset, timestamp };
  }

  /** The first record whose outcome is not known; null: none was fetched. */
  get first(): Checkpoint | null {
    const [offset, timestamp] = [this.#expected[this.#head], this.#timestamps[this.#head]];
    return offset === undefined || timestamp === undefined ? null : { offset, timestamp };
  }

  /** Records whose outcome is not known yet, or known but behind one that is not. */
  get pending(): number {
    return this.#expected.length - this.#head;
  }

  /** Everything before this offset is committed: nobody asks for it again. */
  committed(offset: number): void {
    while (this.#done < this.#head && (this.#expected[this.#done] ?? offset) < offset) this.#done += 1;
    this.#compact();
  }

  /** The records that are not committed and whose outcome is known: those passed, and those behind one that is not known. */
  *known(): Generator<Checkpoint> {
    const end = this.#early.size === 0 ? this.#head : this.#expected.length;
    for (let at = this.#done; at < end; at += 1) {
      const [offset = -1, timestamp = -1] = [this.#expected[at], this.#timestamps[at]];
      if (at < this.#head || this.#early.has(offset)) yield { offset, timestamp };
    }
  }

  /** Frees the committed part once it outweighs the rest, so that each offset is moved once on average. */
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
