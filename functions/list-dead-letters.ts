import { beginningOf } from "../lib/rules/dead-letters/dead-letter-digest.ts";
import type { LetterGroup, LetterStanding, LetterState } from "../lib/rules/dead-letters/letter-state.ts";
import { noStates, type StateCounts } from "../lib/rules/dead-letters/letter-state.ts";
import { letterStandings, type FindHolders } from "./digest-dead-letters/letter-standings.ts";
import {
  readDeadLetters,
  type PlacedLetter,
  type ReadDeadLettersDeps,
} from "./replay-dead-letters/read-dead-letters.ts";

/** Letters of one page. */
export const lettersPerPage = 50;
/** A page is found by counting from the newest letter, so only so many pages can be shown. */
export const maxLetterPages = 40;

export interface ListLettersInput {
  readonly deadLetterTopic: string;
  readonly group: LetterGroup;
  /** Null for all. */
  readonly state: LetterState | null;
  /** From 1 to {@link maxLetterPages}. */
  readonly page: number;
  /** Reads only about this many of the newest letters. */
  readonly newest: number;
}

export interface ListLettersDeps extends ReadDeadLettersDeps {
  readonly findHolders: FindHolders;
}

/** One letter, without its bytes. */
export interface ListedLetter extends LetterStanding {
  /** Where the letter lies in the dead-letter topic. */
  readonly at: PlacedLetter["at"];
  /** Where the record lies in its own topic. */
  readonly partition: number;
  readonly offset: number;
  /** The record's timestamp in milliseconds since the epoch; null if it has none. */
  readonly timestamp: number | null;
  /** ISO 8601. */
  readonly failedAt: string;
  readonly attempts: number;
  readonly reason: string;
  /** The first 200 characters; null if there is none. */
  readonly key: string | null;
  readonly value: string | null;
  readonly valueOmitted: boolean;
  /** How many records the letter is for; more than one only for a whole record batch. */
  readonly records: number;
}

export interface ListedLetters {
  /** Of the group, in any state. */
  readonly states: StateCounts;
  readonly statesProblems: readonly string[];
  /** The newest first. */
  readonly letters: readonly ListedLetter[];
  /** The number of pages that can be asked for. */
  readonly pages: number;
  /** Whether there may be more letters than were read. */
  readonly truncated: boolean;
}

/** Lists the letters of one group, page by page, with what became of each. Reads the dead-letter topic each time. */
export async function listDeadLetters(
  { deadLetterTopic, group, state, page, newest }: ListLettersInput,
  deps: ListLettersDeps,
): Promise<ListedLetters> {
  const standings = letterStandings(deps);
  const states: Record<LetterState, number> = { ...noStates };
  const wanted = page * lettersPerPage;
  let kept: ListedLetter[] = [];
  const { complete } = await readDeadLetters(
    { topic: deadLetterTopic, filter: filterOf(group), newest },
    deps,
    async (letters) => {
      const found = await standings.of(letters);
      for (const [at, letter] of letters.entries()) {
        const standing = found[at] ?? { state: "unknown", heldBy: null };
        states[standing.state] += 1;
        if (state === null || standing.state === state) kept.push(listed(letter, standing));
      }
      kept = newestOf(kept, wanted);
    },
  );
  const matching = state === null ? states.open + states.resolved + states.unknown : states[state];
  return {
    states,
    statesProblems: standings.problems(),
    letters: kept.slice(wanted - lettersPerPage),
    pages: Math.min(maxLetterPages, Math.max(1, Math.ceil(matching / lettersPerPage))),
    truncated: !complete,
  };
}

/** The letters of exactly one group. */
export function filterOf({ topic, index, field, error }: LetterGroup) {
  return { topic, error, sinceMs: null, of: { index, field } };
}

function listed(letter: PlacedLetter, standing: LetterStanding): ListedLetter {
  const { record, at, failedAt, attempts, error, valueOmitted, batch } = letter;
  const { partition, offset, timestamp, key, value } = record;
  return {
    ...standing,
    at,
    partition,
    offset,
    timestamp: timestamp < 0 ? null : timestamp,
    failedAt: new Date(failedAt).toISOString(),
    attempts,
    reason: error.reason,
    key: key === null ? null : beginningOf(key),
    value: value === null ? null : beginningOf(value),
    valueOmitted,
    records: batch?.records ?? 1,
  };
}

function newestOf(letters: readonly ListedLetter[], wanted: number): ListedLetter[] {
  return letters
    .toSorted(
      (a, b) =>
        Date.parse(b.failedAt) - Date.parse(a.failedAt) ||
        a.at.partition - b.at.partition ||
        b.at.offset - a.at.offset,
    )
    .slice(0, wanted);
}
