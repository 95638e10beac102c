import type { OutcomeCounts } from "../../lib/rules/progress/status.ts";

/** The sum of what is known, to one decimal place; null if nothing is. */
export function sumOf(values: Iterable<number | null>): number | null {
  let sum: number | null = null;
  for (const value of values) if (value !== null) sum = (sum ?? 0) + value;
  return sum === null ? null : Math.round(sum * 10) / 10;
}

export function countsOf(all: readonly OutcomeCounts[]): OutcomeCounts {
  const sum = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
  for (const counts of all) {
    sum.indexed += counts.indexed;
    sum.duplicate += counts.duplicate;
    sum.deadLettered += counts.deadLettered;
    sum.skipped += counts.skipped;
  }
  return sum;
}
