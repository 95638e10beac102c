import { createOffsetRanges, type OffsetRanges, type OffsetRangesBuilder } from "../offset-ranges.ts";

/** A number of records, and where they are. */
export interface Finding {
  readonly count: number;
  /** Offsets `from` to `to`, both included. The first ranges of each partition; of `unknown`, only what has a place. */
  readonly at: readonly { readonly partition: number; readonly from: number; readonly to: number }[];
}

/** How many ranges of a finding to keep for each partition. */
const KEEP_RANGES = 1_000;

export interface FindingBuilder {
  /** Adds an offset, which must be larger than all before of its partition. */
  add(partition: number, offset: number): void;
  /** Adds what has no place. */
  addUnplaced(count: number): void;
  readonly count: number;
  /** Whether ranges were left out. */
  readonly isCut: boolean;
  build(): Finding;
}

/** Collects offsets of all partitions in bounded memory. */
export function createFinding(): FindingBuilder {
  const partitions = new Map<number, OffsetRangesBuilder>();
  let count = 0;
  const built = (): [number, OffsetRanges][] =>
    [...partitions].map(([partition, ranges]): [number, OffsetRanges] => [partition, ranges.build()]);
  return {
    add(partition, offset) {
      partitions.getOrInsertComputed(partition, () => createOffsetRanges(KEEP_RANGES)).add(offset);
      count += 1;
    },
    addUnplaced(more) {
      count += more;
    },
    get count() {
      return count;
    },
    get isCut() {
      return built().some(([, { ranges, rangeCount }]) => rangeCount > ranges.length);
    },
    build() {
      const at = built()
        .flatMap(([partition, { ranges }]) =>
          ranges.map(({ start, end }) => ({ partition, from: start, to: end - 1 })),
        )
        .sort((a, b) => a.partition - b.partition || a.from - b.from);
      return { count, at };
    },
  };
}
