import type { TriedOutcome, TriedRecord } from "../trial/tried.ts";

/** What a proposal makes of a group's letters and of the topic's good records. */
export interface Verdict {
  readonly letters: {
    readonly tried: number;
    readonly accepted: number;
    /** Accepted, but some of their fields would not be indexed, or in another form. */
    readonly partly: number;
    readonly refused: number;
    readonly unknown: number;
  };
  /** Records that the index takes as it is now. */
  readonly good: {
    readonly tried: number;
    readonly unchanged: number;
    /** Accepted, but indexed otherwise than now. */
    readonly changed: number;
    readonly refused: number;
    readonly unknown: number;
  };
  /** Why the first letter or good record that is refused is refused; null if none is. */
  readonly reason: string | null;
  /** Why it could not be tried, or what limits the result, in sentences. */
  readonly notes: readonly string[];
}

type Tried = Pick<TriedRecord, "outcome" | "ignored" | "reason">;

const written: ReadonlySet<TriedOutcome> = new Set(["indexed", "gave-way"]);

/**
 * Compares a trial with what happens now.
 * @param before the topic's records as they are taken now
 * @param after the same records under the proposal, in the same order
 * @param letters the letters under the proposal
 */
export function verdictOf(
  before: readonly Tried[],
  after: readonly Tried[],
  letters: readonly Tried[],
  notes: readonly string[],
): Verdict {
  const good = before.flatMap((now, at) => {
    const later = after[at];
    return written.has(now.outcome) && later !== undefined ? [{ now, later }] : [];
  });
  const isFull = ({ outcome, ignored }: Tried): boolean => outcome === "indexed" && ignored.length === 0;
  const isUnknown = ({ outcome }: Tried): boolean => outcome === "unknown";
  const isRefused = (one: Tried): boolean => !written.has(one.outcome) && !isUnknown(one);
  const isSame = ({ now, later }: (typeof good)[number]): boolean =>
    now.outcome === later.outcome &&
    now.ignored.toSorted().join("\n") === later.ignored.toSorted().join("\n");
  const accepted = letters.filter(isFull).length;
  const count = { refused: letters.filter(isRefused).length, unknown: letters.filter(isUnknown).length };
  const unchanged = good.filter(isSame).length;
  const goodCount = {
    refused: good.filter(({ later }) => isRefused(later)).length,
    unknown: good.filter(({ later }) => isUnknown(later)).length,
  };
  const firstRefused = [...letters, ...good.map(({ later }) => later)].find(isRefused);
  return {
    letters: {
      tried: letters.length,
      accepted,
      partly: letters.length - accepted - count.refused - count.unknown,
      ...count,
    },
    good: {
      tried: good.length,
      unchanged,
      changed: good.length - unchanged - goodCount.refused - goodCount.unknown,
      ...goodCount,
    },
    reason: firstRefused?.reason?.text ?? null,
    notes,
  };
}

/**
 * Why no change can be compared with what happens now, in a sentence; null if one can.
 * @param asNow the trial without a change, with what kept it from being made; null if there was none
 */
export function incomparableBecause(asNow: { readonly problem: string | null } | null): string | null {
  if (asNow === null) return "There was no time for a trial.";
  const { problem } = asNow;
  return problem === null ? null : `What happens without a change could not be tried: ${problem}`;
}

/** Whether every letter would be taken, and every good record, if there are any, as it is now. */
export function helps({ letters, good }: Verdict): boolean {
  return letters.tried > 0 && letters.refused + letters.unknown === 0 && good.unchanged === good.tried;
}
