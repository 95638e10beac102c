import type { LogRange } from "../offsets/position.ts";
import type { Spans } from "../offsets/span-tracks.ts";

/**
 * The newest offsets of a topic, spread over its partitions: each gives the same share, and what a shorter one lacks is
 * taken from the longer ones. Fewer records than offsets may be there: transaction markers and compacted ones have none.
 * @param ranges readable offsets by partition
 * @returns only partitions with offsets to read
 */
export function newestSpans(ranges: ReadonlyMap<number, LogRange>, wanted: number): Spans {
  const shortestFirst = [...ranges].sort(([, a], [, b]) => a.end - a.start - (b.end - b.start));
  const spans = new Map<number, { readonly start: number; readonly end: number }>();
  let left = wanted;
  for (const [position, [partition, { start, end }]] of shortestFirst.entries()) {
    const share = Math.min(end - start, Math.ceil(left / (shortestFirst.length - position)));
    if (share <= 0) continue;
    spans.set(partition, { start: end - share, end });
    left -= share;
  }
  return spans;
}
