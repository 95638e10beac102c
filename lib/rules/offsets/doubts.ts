import type { SourceRecord } from "../model/record.ts";
import { placesIn, withFormerPlaces } from "./checkpoint.ts";

/** Records that may have been sent before, with an unknown result. They are looked up before they are sent again. */
export interface Doubt {
  covers(record: Pick<SourceRecord, "partition" | "offset">): boolean;
  /** Whether nothing sent before can still arrive, and all of it is visible to searches. */
  readonly isSettled: boolean;
}

/** A tenure: the same object each time. */
interface Tenancy {
  readonly partition: number;
}

interface PartitionDoubt {
  /** One past the last doubtful offset. */
  below: number;
  isSettled: boolean;
  /** Where they may be, other than where records go now. */
  readonly places: Set<string>;
}

/**
 * Which records of one topic may have been sent before: by a host that had the partition before, or by this one in a
 * request whose result it never learned.
 *
 * | a partition is | meaning                                         | left by                                        |
 * | certain        | what is read was never sent, or must not matter | begin with a higher offset; raise: in doubt    |
 * | in doubt       | records below an offset are looked up first     | committed up to there; disowned: certain       |
 *
 * Of a partition that is neither ours nor about to be, nothing is kept: whoever gets it looks up what was sent before.
 */
export class Doubts {
  readonly #partitions = new Map<number, PartitionDoubt>();
  /** Whose records may be told to be in doubt: by partition, its last tenure, which may be about to begin. */
  readonly #ours = new Map<number, Tenancy>();

  get isEmpty(): boolean {
    return this.#partitions.size === 0;
  }

  /**
   * A tenure will begin: what was sent of its partition up to now is about to be looked up.
   * @param isSending whether an earlier one still sends
   */
  expect(tenure: Tenancy, isSending: boolean): void {
    const { partition } = tenure;
    if (!isSending) this.#partitions.delete(partition);
    this.#ours.set(partition, tenure);
  }

  /** A tenure begins at `start`; what earlier ones sent below `below` is settled. @param place as `CommitNote` has it */
  begin(tenure: Tenancy, start: number, below: number, place: string | null): void {
    const { partition } = tenure;
    this.#ours.set(partition, tenure);
    if (below > start) this.#add(partition, below, true, place);
  }

  /** This host sent records below this offset and does not know the result. @param place as `CommitNote` has it */
  raise(partition: number, below: number, place: string | null): void {
    if (this.#ours.has(partition)) this.#add(partition, below, false, place);
  }

  #add(partition: number, below: number, isSettled: boolean, place: string | null): void {
    const places = placesIn(place);
    const known = this.#partitions.get(partition);
    if (known === undefined) {
      this.#partitions.set(partition, { below, isSettled, places: new Set(places) });
      return;
    }
    known.below = Math.max(known.below, below);
    known.isSettled &&= isSettled;
    for (const one of places) known.places.add(one);
  }

  /**
   * What a commit says of where records are, the current place last: as long as some beyond it are in doubt, the next host
   * must look in the former places, too.
   */
  placeAfter(partition: number, committed: number, current: string | null): string | null {
    const known = this.#partitions.get(partition);
    if (known === undefined || current === null || committed >= known.below) return current;
    return withFormerPlaces(known.places, current);
  }

  committed(partition: number, offset: number): void {
    if ((this.#partitions.get(partition)?.below ?? Infinity) <= offset) this.#partitions.delete(partition);
  }

  /** The tenure is over. What it leaves in doubt stays so if the next one has begun to look. */
  disowned(tenure: Tenancy): void {
    const { partition } = tenure;
    if (this.#ours.get(partition) !== tenure) return;
    this.#partitions.delete(partition);
    this.#ours.delete(partition);
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
