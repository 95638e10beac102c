/** Offsets [start, end) that follow each other and share a label. */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
  /** What there is to say of all of them, such as an index; empty: nothing. */
  readonly label: string;
}

/** Offsets of one partition, as ranges. */
export interface OffsetRanges {
  /** The first ones, as many as are kept. */
  readonly ranges: readonly OffsetRange[];
  /** How many ranges there are, those included that are not kept. */
  readonly rangeCount: number;
  readonly offsetCount: number;
  /** From the first offset to one past the last, whatever lies between; null: there are none. */
  readonly hull: { readonly start: number; readonly end: number } | null;
}

export interface OffsetRangesBuilder {
  /** Takes the next offset, larger than those before. */
  add(offset: number, label?: string): void;
  /** What was added so far. */
  build(): OffsetRanges;
}

/**
 * Gathers ascending offsets into ranges. However many there are, only the first `keep` ranges are held: an audit of a
 * topic whose documents are all gone, every second of them, takes no more memory than one of a topic that is well.
 */
export function createOffsetRanges(keep: number): OffsetRangesBuilder {
  const kept: OffsetRange[] = [];
  let rangeCount = 0;
  let offsetCount = 0;
  let first = 0;
  /** The range that may still grow; not among the kept ones yet. */
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
