import { DigestCounter, type DeadLetterDigest } from "../lib/rules/dead-letters/dead-letter-digest.ts";
import {
  readDeadLetters,
  type ForeignRecord,
  type LetterCounts,
  type ReadDeadLettersDeps,
  type ReadDeadLettersInput,
} from "./replay-dead-letters/read-dead-letters.ts";
import { type FindHolders, letterStandings } from "./digest-dead-letters/letter-standings.ts";
import { type LetterState, noStates, type StateCounts } from "../lib/rules/dead-letters/letter-state.ts";
import type { FailureStoreDigest } from "./digest-dead-letters/read-failure-stores.ts";
import type { IgnoredFields } from "./digest-dead-letters/read-ignored-fields.ts";

export interface DigestResult extends Readonly<LetterCounts>, DeadLetterDigest {
  /** The number of letters in the digest. */
  readonly letters: number;
  /** The same letters, by what became of their records. */
  readonly states: StateCounts;
  /** What limits these numbers, in sentences. */
  readonly statesProblems: readonly string[];
  readonly firstForeign: ForeignRecord | null;
  /** Whether there are more letters than were read. */
  readonly truncated: boolean;
  /** Of records that were indexed, but not as they are: in another form, or without some fields. */
  readonly gaveWay: IgnoredFields;
  /** What Elasticsearch keeps of refused documents, beside the letters. */
  readonly failureStores: FailureStoreDigest;
}

export interface DigestDeps extends ReadDeadLettersDeps {
  readonly findHolders: FindHolders;
  /** The fields of the same topics that gave way in the last day. @throws only a signal's reason */
  readonly ignoredFields: () => Promise<IgnoredFields>;
  /** The failure stores of the same topics' targets. @throws only a signal's reason */
  readonly failureStores: () => Promise<FailureStoreDigest>;
}

/**
 * Counts the dead letters by topic, index, field and error, and by whether an index has their records now. Lists the fields
 * that gave way and what lies in failure stores.
 */
export async function digestDeadLetters(
  input: ReadDeadLettersInput,
  deps: DigestDeps,
): Promise<DigestResult> {
  const counter = new DigestCounter();
  const standings = letterStandings(deps);
  const states: Record<LetterState, number> = { ...noStates };
  let letters = 0;
  const [{ counts, firstForeign, complete }, gaveWay, failureStores] = await Promise.all([
    readDeadLetters(input, deps, async (batch) => {
      letters += batch.length;
      const found = await standings.of(batch);
      for (const [at, letter] of batch.entries()) {
        const { state = "unknown" } = found[at] ?? {};
        states[state] += 1;
        counter.add(letter, state);
      }
    }),
    deps.ignoredFields(),
    deps.failureStores(),
  ]);
  const about = { letters, states, statesProblems: standings.problems() };
  const rest = { firstForeign, truncated: !complete, gaveWay, failureStores };
  return { ...counts, ...about, ...rest, ...counter.digest() };
}
