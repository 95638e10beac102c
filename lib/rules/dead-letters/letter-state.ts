/**
 * What became of a dead letter's record, as far as Elasticsearch shows it now. Nothing keeps a list of replayed letters.
 *
 * - **open**: no index has its document.
 * - **resolved**: an index has it.
 * - **unknown**: it was not looked up.
 */
export const letterStates = ["open", "resolved", "unknown"] as const;
export type LetterState = (typeof letterStates)[number];

export interface LetterStanding {
  readonly state: LetterState;
  /** The index that has the document; null unless it is resolved. */
  readonly heldBy: string | null;
}

/** Letters by state. */
export type StateCounts = Readonly<Record<LetterState, number>>;

export const noStates: StateCounts = { open: 0, resolved: 0, unknown: 0 };

/** Letters of one kind, as the digest groups them. */
export interface LetterGroup {
  readonly topic: string;
  /** The index that refused them. */
  readonly index: string;
  /** The field that the reason names; null if it names none. */
  readonly field: string | null;
  /** The error's type. */
  readonly error: string;
}

/** Which index has which document, among those that answered. */
export interface FoundHolders {
  /** By id, one index of each. */
  readonly holders: ReadonlyMap<string, string>;
  /** Shards that did not answer, whose documents may exist; sentences without their full stop. */
  readonly problems: readonly string[];
}
