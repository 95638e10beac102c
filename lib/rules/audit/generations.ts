import type { SourceRecord } from "../model/record.ts";
import type { Absence } from "./partition-audit.ts";

/** One of the indices behind an alias or data stream. */
export interface Generation {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly closed: boolean;
}

/** The indices behind the alias or data stream that a topic is written to, oldest first. */
export interface Generations {
  /** The alias or data stream. */
  readonly target: string;
  readonly indices: readonly [Generation, ...Generation[]];
}

/** Sorts the indices by age. @returns null if there are none */
export function generationsOf(target: string, indices: readonly Generation[]): Generations | null {
  const [oldest, ...others] = indices.toSorted(
    (a, b) => a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1),
  );
  return oldest === undefined ? null : { target, indices: [oldest, ...others] };
}

/**
 * Whether the target had an index before the oldest that it still has. A rollover names indices by a rising number, which
 * begins at 1 (`.ds-logs-2026.11.30-000001`, `logs-000001`). Names without a number show nothing.
 */
export function lostItsFirst({ indices: [oldest] }: Generations): boolean {
  const [, digits] = /-(\d+)$/.exec(oldest.name) ?? [];
  return digits !== undefined && Number(digits) > 1;
}

/**
 * Explains a missing record of a topic whose target rolls over. A lifecycle deletes the oldest index first, so what it
 * deleted lies before everything that the oldest remaining index got, and was produced before that index was created.
 *
 * - Both are true, and the target has lost its first index: expired. A record that was lost while the deleted index was
 *   written to is included, because it would have been deleted too.
 * - Only one is true: a gap, which says what else it may be. Bulks in flight and records that were brought in later blur the
 *   border between two indices, and a new target knows nothing of the index that its topic had before.
 * - An index that was deleted between others is no work of a lifecycle: gaps.
 * @param firstOffset the offset of the record's partition that the oldest index with documents of it got first; null if
 *   there is none
 */
export function explainByGenerations(
  { offset, timestamp }: Pick<SourceRecord, "offset" | "timestamp">,
  generations: Generations,
  firstOffset: number | null,
): Absence {
  const { target, indices } = generations;
  const [oldest] = indices;
  const isOlder = timestamp < oldest.createdMs;
  const isBefore = firstOffset === null || offset < firstOffset;
  if (!isOlder) return { kind: "gap" };
  if (lostItsFirst(generations)) {
    return isBefore
      ? { kind: "expired", index: `an index of ${target} before ${oldest.name}` }
      : { kind: "gap", perhaps: `or expired with an index of ${target} before ${oldest.name}` };
  }
  return isBefore
    ? { kind: "gap", perhaps: `or expired with an index that the topic had before ${target}` }
    : { kind: "gap" };
}
