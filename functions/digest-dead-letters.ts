import { DigestCounter, type DeadLetterDigest } from "../lib/rules/dead-letter-digest.ts";
import {
  readDeadLetters,
  type ForeignRecord,
  type LetterCounts,
  type ReadDeadLettersDeps,
  type ReadDeadLettersInput,
} from "./read-dead-letters.ts";

export interface DigestResult extends Readonly<LetterCounts>, DeadLetterDigest {
  /** Letters in the digest. */
  readonly letters: number;
  readonly firstForeign: ForeignRecord | null;
  /** True: there are more letters than were looked at. */
  readonly truncated: boolean;
}

/** Counts the dead letters by topic, field and error; those whose records were brought back meanwhile, too. */
export async function digestDeadLetters(
  input: ReadDeadLettersInput,
  deps: ReadDeadLettersDeps,
): Promise<DigestResult> {
  const counter = new DigestCounter();
  let letters = 0;
  const { counts, firstForeign, complete } = await readDeadLetters(input, deps, (batch) => {
    letters += batch.length;
    for (const letter of batch) counter.add(letter);
    return Promise.resolve();
  });
  return { ...counts, letters, firstForeign, truncated: !complete, ...counter.digest() };
}
