import { DigestCounter, type DeadLetterDigest } from "../lib/rules/dead-letters/dead-letter-digest.ts";
import {
  readDeadLetters,
  type ForeignRecord,
  type LetterCounts,
  type ReadDeadLettersDeps,
  type ReadDeadLettersInput,
} from "./replay-dead-letters/read-dead-letters.ts";
import type { IgnoredFields } from "./digest-dead-letters/read-ignored-fields.ts";

export interface DigestResult extends Readonly<LetterCounts>, DeadLetterDigest {
  /** Letters in the digest. */
  readonly letters: number;
  readonly firstForeign: ForeignRecord | null;
  /** True: there are more letters than were looked at. */
  readonly truncated: boolean;
  /** Of records that are indexed, and not as they are. */
  readonly gaveWay: IgnoredFields;
}

export interface DigestDeps extends ReadDeadLettersDeps {
  /** Which fields gave way in the last day, of the same topics. @throws nothing but a signal's reason */
  readonly ignoredFields: () => Promise<IgnoredFields>;
}

/**
 * Counts the dead letters by topic, field and error; those whose records were brought back meanwhile, too. Beside them the
 * fields that gave way.
 */
export async function digestDeadLetters(
  input: ReadDeadLettersInput,
  deps: DigestDeps,
): Promise<DigestResult> {
  const counter = new DigestCounter();
  let letters = 0;
  const [{ counts, firstForeign, complete }, gaveWay] = await Promise.all([
    readDeadLetters(input, deps, (batch) => {
      letters += batch.length;
      for (const letter of batch) counter.add(letter);
      return Promise.resolve();
    }),
    deps.ignoredFields(),
  ]);
  return { ...counts, letters, firstForeign, truncated: !complete, ...counter.digest(), gaveWay };
}
