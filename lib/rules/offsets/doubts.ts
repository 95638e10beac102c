import type { SourceRecord } from "../model/record.ts";

/** Records that may have been sent before, with an unknown result. They are looked up before they are sent again. */
export interface Doubt {
  covers(record: Pick<SourceRecord, "partition" | "offset">): boolean;
  /** Whether nothing sent before can still arrive, and all of it is visible to searches. */
  readonly isSettled: boolean;
}

interface PartitionDoubt {
  /** One past the last doubtful offset. */
  below: number;
  isSettled: boolean;
}

/**
 * Which records of one topic may have been sent before: by a host that had the partition before, or by this one in a
 * request whose result it never learned.
 *
 * | a partition is | meaning                                         | left by                                        |
 * | certain        | what is read was never sent, or must not matter | begin with a higher offset; raise: in doubt    |
 * | in doubt       | records below an offset are looked up first     | committed up to there; disowned: certain       |
 */
export class Doubts {
  readonly #partitions = new Map<number, PartitionDoubt>();

  get isEmpty(): boolean {
    return this.#partitions.size === 0;
  }

  /** A tenure begins at `start`; what earlier ones sent below `below` is settled. */
  begin(partition: number, start: number, below: number): void {
    if (below > start) this.#add(partition, below, true);
  }

  /** This host sent records below this offset and does not know the result. */
  raise(partition: number, below: number): void {
    this.#add(partition, below, false);
  }

  #add(partition: number, below: number, isSettled: boolean): void {
    const known = this.#partitions.get(partition);
    if (known === undefined) {
      this.#partitions.set(partition, { below, isSettled });
      return;
    }
    known.below = Math.max(known.below, below);
    known.isSettled &&= isSettled;
  }

  committed(partition: number, offset: number): void {
    if ((this.#partitions.get(partition)?.below ?? Infinity) <= offset) this.#partitions.delete(partition);
  }

  /** The tenure is over. What becomes doubtful later counts for the next one. */
  disowned(partition: number): void {
    this.#partitions.delete(partition);
  }

  covers({ partition, offset }: Pick<SourceRecord, "partition" | "offset">): boolean {
    const known = this.#partitions.get(partition);
    return known !== undefined && offset < known.below;
  }

  /** What is doubtful about these records now; null: nothing. */
  of(records: readonly SourceRecord[]): Doubt | null {
    if (this.isEmpty) return null;
    const below = new Map<number, number>();
    let isSettled = true;
    for (const record of records) {
      const known = this.#partitions.get(record.partition);
      if (known === undefined || record.offset >= known.below) continue;
      below.set(record.partition, known.below);
      isSettled &&= known.isSettled;
    }
    if (below.size === 0) return null;
    return { isSettled, covers: ({ partition, offset }) => offset < (below.get(partition) ?? 0) };
  }
}

/** All records of an attempt whose result is unknown. */
export const allInDoubt: Doubt = { covers: () => true, isSettled: false };
