import type { Spans, ReadBatch, ReadSpans } from "../../lib/rules/offsets/span-tracks.ts";

/** Of how many partitions. */
const PARTITIONS = 6;

/**
 * Reads the first, the middle and the last records of some partitions: tools lose records in one piece.
 * @param records how many at each of the three places
 */
export async function readSample(
  spans: Spans,
  records: number,
  readSpans: ReadSpans,
  onBatch: (batch: ReadBatch) => Promise<void>,
): Promise<void> {
  const some = [...spans].filter(([, { start, end }]) => start < end).slice(0, PARTITIONS);
  const read = new Map(some.map(([partition, { start }]) => [partition, start]));
  for (const place of [0, 0.5, 1]) {
    const parts = some.map(([partition, { start, end }]): [number, { start: number; end: number }] => {
      const from = Math.floor(start + place * Math.max(0, end - start - records));
      return [
        partition,
        { start: Math.max(read.get(partition) ?? start, from), end: Math.min(end, from + records) },
      ];
    });
    const open = parts.filter(([, { start, end }]) => start < end);
    for (const [partition, { end }] of open) read.set(partition, end);
    if (open.length > 0) await readSpans(new Map(open), onBatch);
  }
}
