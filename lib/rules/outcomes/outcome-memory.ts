import type { Checkpoint } from "../offsets/checkpoint.ts";

/** About 12 MB for one topic. What is beyond is done once more when it is read again. */
const MAX_REMEMBERED = 250_000;

interface Remembered {
  /** What the group had committed when it was last heard of; null: nothing. */
  committed: number | null;
  /** Timestamps by offset. */
  readonly records: Map<number, number>;
}

/**
 * The records of one topic that have an outcome although they cannot be committed yet, for when they are read again:
 * without it each would be sent once more, and each that was dead-lettered would get another letter. Outlives assignments
 * and consumers; what another host did meanwhile shows in what is committed.
 */
export class OutcomeMemory {
  readonly #partitions = new Map<number, Remembered>();
  #size = 0;

  /**
   * The partition is going to be read on from `start`. A commit before the one that was known was set by somebody who wants
   * the records once more: everything is forgotten then.
   */
  begin(partition: number, committed: number | null, start: number | null): void {
    const remembered = this.#of(partition);
    const setBack = (committed ?? -1) < (remembered.committed ?? -1);
    this.#forgetBefore(partition, setBack ? Infinity : (start ?? 0));
    remembered.committed = committed;
  }

  /** Nobody asks again for what is before it. */
  committed(partition: number, committed: number): void {
    this.#forgetBefore(partition, committed);
    this.#of(partition).committed = committed;
  }

  add(partition: number, { offset, timestamp }: Checkpoint): void {
    const { records } = this.#of(partition);
    if (this.#size >= MAX_REMEMBERED || records.has(offset)) return;
    records.set(offset, timestamp);
    this.#size += 1;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /**
   * Whether this very record has an outcome; asked once, since whoever asks keeps it. A record of another time at the same
   * offset belongs to a topic that was created again.
   */
  take(partition: number, { offset, timestamp }: Checkpoint): boolean {
    if (this.#size === 0) return false;
    const records = this.#partitions.get(partition)?.records;
    const known = records?.get(offset);
    if (records === undefined || known === undefined) return false;
    records.delete(offset);
    this.#size -= 1;
    return known === timestamp;
  }

  #forgetBefore(partition: number, end: number): void {
    if (this.#size === 0) return;
    const { records } = this.#of(partition);
    for (const offset of records.keys()) if (offset < end) this.#size -= Number(records.delete(offset));
  }

  #of(partition: number): Remembered {
    let remembered = this.#partitions.get(partition);
    if (remembered === undefined) {
      remembered = { committed: null, records: new Map() };
      this.#partitions.set(partition, remembered);
    }
    return remembered;
  }
}
