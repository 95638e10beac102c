import type { Checkpoint } from "../offsets/checkpoint.ts";

/** About 12 MB per topic. Records beyond it are sent again if they are read again. */
const MAX_REMEMBERED = 250_000;

interface Remembered {
  /** The group's last known commit; null if none. */
  committed: number | null;
  /** Timestamps by offset. */
  readonly records: Map<number, number>;
}

/**
 * Remembers the records of one topic that have an outcome but cannot be committed yet. Without it, records that are
 * read again would be sent again, and rejected ones would get a second dead letter. Outlives assignments and consumers.
 * Work done by another host in between shows in the commit.
 */
export class OutcomeMemory {
  readonly #partitions = new Map<number, Remembered>();
  #size = 0;

  /**
   * Reading of the partition resumes at `start`. A commit lower than the known one means that somebody reset the group
   * to read the records again, so everything is forgotten.
   */
  begin(partition: number, committed: number | null, start: number | null): void {
    const remembered = this.#of(partition);
    const setBack = (committed ?? -1) < (remembered.committed ?? -1);
    this.#forgetBefore(partition, setBack ? Infinity : (start ?? 0));
    remembered.committed = committed;
  }

  /** Records before the commit are never read again. */
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
   * Returns whether this very record has an outcome, and forgets it: the caller remembers it from now on. A record with
   * another timestamp at the same offset belongs to a recreated topic.
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
    return this.#partitions.getOrInsertComputed(partition, () => ({ committed: null, records: new Map() }));
  }
}
