import { isObject } from "../json/object.ts";

/** Offsets [from, to) of one partition. */
export interface SkippedRange {
  readonly from: number;
  readonly to: number;
}

/** What was decided about a partition's position, other than by reading on. Each commit carries it over from the last one. */
export interface Marks {
  /** The last rewind that was carried out; null: none was. */
  readonly order: string | null;
  /** Where the group began, or went back to: nothing before was meant to be read. Null: the log's start. */
  readonly from: number | null;
  /** Records below may have been sent before, because reading went back. Null: see `Doubts`. */
  readonly below: number | null;
  /** What rewinds skipped, in ascending order. */
  readonly skipped: readonly SkippedRange[];
}

/** One more is rare, and the metadata of a commit is limited to 4,096 bytes. Then the lowest are audited as if never skipped. */
const MOST_SKIPPED = 16;

/** The marks of a partition whose group begins at this offset. */
export function beginningAt(offset: number): Marks {
  return { order: null, from: offset, below: null, skipped: [] };
}

/** @returns the marks after a rewind from one position to another */
export function movedMarks(
  before: Marks | null,
  { order, from, to }: { readonly order: string; readonly from: number; readonly to: number },
): Marks {
  const sentBelow = Math.max(before?.below ?? 0, from);
  const first = before?.from ?? null;
  const skipped = before?.skipped ?? [];
  return {
    order,
    from: first === null ? null : Math.min(first, to),
    below: sentBelow > to ? sentBelow : null,
    skipped: to < from ? clipped(skipped, to) : joined([...skipped, { from, to }]).slice(-MOST_SKIPPED),
  };
}

/** Of a log that replaced the one that the marks are about. */
export function marksOfOtherLog(marks: Marks | null): Marks | null {
  return marks === null || marks.order === null ? null : { ...marks, from: null, below: null, skipped: [] };
}

function clipped(ranges: readonly SkippedRange[], end: number): SkippedRange[] {
  return ranges.flatMap(({ from, to }) => (from < end ? [{ from, to: Math.min(to, end) }] : []));
}

function joined(ranges: readonly SkippedRange[]): SkippedRange[] {
  const found: SkippedRange[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last === undefined || from > last.to) found.push({ from, to });
    else found[found.length - 1] = { from: last.from, to: Math.max(last.to, to) };
  }
  return found;
}

/** For a commit's metadata. @param committed beyond `below`, that is no longer needed */
export function marksAsJson({ order, from, below, skipped }: Marks, committed: number): object {
  return {
    ...(order !== null && { order }),
    ...(from !== null && { from }),
    ...(below !== null && below > committed && { below }),
    ...(skipped.length > 0 && { skipped: skipped.map(({ from, to }) => [from, to]) }),
  };
}

/** @returns null if it is none of ours */
export function parseMarks(value: unknown): Marks | null {
  if (!isObject(value)) return null;
  const { order, skipped } = value;
  const offset = (name: string): number | null => {
    const found = value[name];
    return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : null;
  };
  const ranges = (Array.isArray(skipped) ? skipped : []).flatMap((range: unknown): SkippedRange[] => {
    const [from, to]: unknown[] = Array.isArray(range) ? range : [];
    return typeof from === "number" && typeof to === "number" && from < to ? [{ from, to }] : [];
  });
  return {
    order: typeof order === "string" ? order : null,
    from: offset("from"),
    below: offset("below"),
    skipped: ranges,
  };
}
