const [millisecond, second, minute, hour, day] = [1, 1_000, 60_000, 3_600_000, 86_400_000];

/** Intervals that people can read off an axis without counting. */
const roundIntervalsMs: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * millisecond),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 30, 90, 180, 365].map((n) => n * day),
];

export const maxBars = 60;

/**
 * Returns the smallest round interval that divides a span, both ends included, into at most {@link maxBars} bars. Bars
 * begin at multiples of it since the epoch, in UTC, as with Elasticsearch's `fixed_interval`.
 */
export function barIntervalMs(fromMs: number, toMs: number): number {
  const fits = (intervalMs: number): boolean =>
    Math.floor(toMs / intervalMs) - Math.floor(fromMs / intervalMs) < maxBars;
  return roundIntervalsMs.find(fits) ?? Math.ceil((toMs - fromMs) / ((maxBars - 1) * 365 * day)) * 365 * day;
}
