import type { SourceRecord } from "../model/record.ts";
import type { Absence } from "./partition-audit.ts";

/** One of the indices behind an alias or data stream. */
export interface Generation {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly closed: boolean;
}

/** The indices behind the alias or data stream that a topic is written to. */
export interface Generations {
  /** The alias or data stream. */
  readonly target: string;
  /** The oldest index that is open. */
  readonly oldest: Generation;
  /** Whether there were indices before it: deleted, or closed for good. */
  readonly hadOlder: boolean;
  /** A closed index that is no older than `oldest`: what it holds cannot be told from what is missing. Null if there is none. */
  readonly closed: string | null;
}

/** @param indices in any order @returns null if there are none */
export function generationsOf(target: string, indices: readonly Generation[]): Generations | null {
  const byAge = indices.toSorted((a, b) => a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1));
  const at = Math.max(
    0,
    byAge.findIndex(({ closed }) => !closed),
  );
  const oldest = byAge[at];
  if (oldest === undefined) return null;
  const closed = byAge.slice(at).find((one) => one.closed)?.name ?? null;
  return { target, oldest, hadOlder: at > 0 || isNotTheFirst(oldest), closed };
}

/**
 * Whether an index is not the first of its target. A rollover names indices by a rising number, which begins at 1
 * (`.ds-logs-2026.11.30-000001`, `logs-000001`). Names without a number show nothing.
 */
function isNotTheFirst({ name }: Generation): boolean {
  const [, digits] = /-(\d+)$/.exec(name) ?? [];
  return digits !== undefined && Number(digits) > 1;
}

/**
 * Explains a missing record of a topic whose target rolls over. A lifecycle deletes (or closes) the oldest index first, so
 * what it deleted lies before everything that the oldest remaining index got, and was produced before that index was created.
 *
 * - Both are true, and there was an older index: expired. A record that was lost while that index was written to is included,
 *   because it would have been deleted too.
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
  const { target, oldest, hadOlder } = generations;
  const isOlder = timestamp < oldest.createdMs;
  const isBefore = firstOffset === null || offset < firstOffset;
  if (!isOlder) return { kind: "gap" };
  if (hadOlder) {
    return isBefore
      ? { kind: "expired", index: `an index of ${target} before ${oldest.name}` }
      : { kind: "gap", perhaps: `or expired with an index of ${target} before ${oldest.name}` };
  }
  return isBefore
    ? { kind: "gap", perhaps: `or expired with an index that the topic had before ${target}` }
    : { kind: "gap" };
}
