import type { ShownLevel } from "../../../../../lib/rules/level/shown-levels.ts";
import type { LogHistogram } from "../../../../api/logs.ts";
import type { TimeRange } from "../query/time-range.ts";

/** A histogram including empty bars, from the start to the end of the range. */
export interface Slots {
  /** Start of the first bar. */
  readonly startMs: number;
  readonly intervalMs: number;
  readonly counts: readonly number[];
  /** The same of each level; the rest has none, or another. */
  readonly levels: Readonly<Record<ShownLevel, readonly number[]>>;
  readonly highest: number;
}

/** The ends of the selection, in any order. */
export interface Selection {
  readonly anchor: number;
  readonly head: number;
}

/** The host returns at most 60 bars. */
const maxSlots = 1_000;

export function slotsOf({ intervalMs, bars, levels }: LogHistogram, fromMs: number, toMs: number): Slots {
  const startMs = Math.floor(fromMs / intervalMs) * intervalMs;
  const count = Math.min(maxSlots, Math.floor((toMs - startMs) / intervalMs) + 1);
  const inSlots = (some: LogHistogram["bars"]): number[] => {
    const counts = Array.from({ length: Math.max(1, count) }, () => 0);
    for (const [barMs, records] of some) {
      const slot = Math.round((barMs - startMs) / intervalMs);
      if (slot >= 0 && slot < counts.length) counts[slot] = records;
    }
    return counts;
  };
  const [counts, error, warn] = [inSlots(bars), inSlots(levels.error), inSlots(levels.warn)];
  const byLevel = { error, warn, info: inSlots(levels.info), debug: inSlots(levels.debug) };
  return { startMs, intervalMs, counts, levels: byLevel, highest: Math.max(...counts) };
}

/** The time range of some bars, both included, within the searched range. */
export function momentsOf(
  { startMs, intervalMs }: Slots,
  { anchor, head }: Selection,
  bounds: { readonly fromMs: number; readonly toMs: number },
): { readonly fromMs: number; readonly toMs: number } {
  const first = startMs + Math.min(anchor, head) * intervalMs;
  const last = startMs + (Math.max(anchor, head) + 1) * intervalMs - 1;
  return { fromMs: Math.max(first, bounds.fromMs), toMs: Math.min(last, bounds.toMs) };
}

export function zoomOf(...asked: Parameters<typeof momentsOf>): TimeRange {
  const { fromMs, toMs } = momentsOf(...asked);
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** The bar an arrow key leads to. The first press starts at the newest bar. */
export function movedSelection(
  before: Selection | null,
  step: -1 | 1,
  extend: boolean,
  count: number,
): Selection {
  if (before === null) return { anchor: count - 1, head: count - 1 };
  const head = Math.min(count - 1, Math.max(0, before.head + step));
  return { anchor: extend ? before.anchor : head, head };
}

/** Number of records in the selected bars. */
export function countIn(counts: readonly number[], { anchor, head }: Selection): number {
  return counts
    .slice(Math.min(anchor, head), Math.max(anchor, head) + 1)
    .reduce((sum, count) => sum + count, 0);
}
