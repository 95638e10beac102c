/** The sum of all runs. */
export interface Tally {
  readonly seeds: number;
  readonly records: number;
  readonly virtualMs: number;
  /** By kind. */
  readonly faults: Readonly<Record<string, number>>;
}

export const nothing: Tally = { seeds: 0, records: 0, virtualMs: 0, faults: {} };

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, tally) => {
    const faults = { ...sum.faults };
    for (const [kind, count] of Object.entries(tally.faults)) faults[kind] = (faults[kind] ?? 0) + count;
    return {
      seeds: sum.seeds + tally.seeds,
      records: sum.records + tally.records,
      virtualMs: sum.virtualMs + tally.virtualMs,
      faults,
    };
  }, nothing);
}

/** Readable lines: the faults, most frequent first, then the sum. */
export function tallyText({ seeds, records, virtualMs, faults }: Tally, failures: number): string {
  const kinds = Object.entries(faults).sort(([, a], [, b]) => b - a);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  const lines = kinds.map(([kind, count]) => `${String(count).padStart(9)}  ${kind}`);
  const number = (value: number): string => Math.round(value).toLocaleString("en-US");
  const sum = `${number(seeds)} seeds, ${number(virtualMs / 60_000)} virtual minutes, ${number(records)} records, ${number(total)} faults of ${kinds.length} kinds, ${number(failures)} failed`;
  return `${[...lines, sum].join("\n")}\n`;
}
