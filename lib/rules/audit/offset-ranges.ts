/** Consecutive offsets [start, end) that share a label. */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
  /** What all of them have in common, for example an index; may be empty. */
  readonly label: string;
}

/** Offsets of one partition, as ranges. */
export interface OffsetRanges {
  /** The first ranges, up to the limit. */
  readonly ranges: readonly OffsetRange[];
  /** The number of all ranges, including those beyond the limit. */
  readonly rangeCount: number;
  readonly offsetCount: number;
  /** From the first offset to one past the last; null if there are none. */
  readonly hull: { readonly start: number; readonly end: number } | null;
}

export interface OffsetRangesBuilder {
  /** Adds the next offset, which must be larger than all before. */
  add(offset: number, label?: string): void;
  /** Returns what was added so far. */
  build(): OffsetRanges;
}

/**
 * Collects ascending offsets into ranges and keeps only the first `keep` of them. So an audit needs no more memory for
 * a topic that lacks every second document than for one that lacks none.
 */
export function createOffsetRanges(keep: number): OffsetRangesBuilder {
  const kept: OffsetRange[] = [];
  let rangeCount = 0;
  let offsetCount = 0;
  let first = 0;
  /** The range that may still grow, and is not in `kept` yet. */
  let current: { start: number; end: number; label: string } | null = null;

  return {
    add(offset, label = "") {
      offsetCount += 1;
      if (current !== null && current.end === offset && current.label === label) {
        current.end += 1;
        return;
      }
      if (current === null) first = offset;
      else if (kept.length < keep) kept.push(current);
      current = { start: offset, end: offset + 1, label };
      rangeCount += 1;
    },
    build() {
      if (current === null) return { ranges: [], rangeCount, offsetCount, hull: null };
      return {
        ranges: kept.length < keep ? [...kept, { ...current }] : [...kept],
        rangeCount,
        offsetCount,
        hull: { start: first, end: current.end },
      };
    },
  };
}
