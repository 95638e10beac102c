import { DigestCounter, type DeadLetterDigest } from "../lib/rules/dead-letters/dead-letter-digest.ts";
import {
  readDeadLetters,
  type ForeignRecord,
  type LetterCounts,
  type ReadDeadLettersDeps,
  type ReadDeadLettersInput,
} from "./replay-dead-letters/read-dead-letters.ts";
import type { FailureStoreDigest } from "./digest-dead-letters/read-failure-stores.ts";
import type { IgnoredFields } from "./digest-dead-letters/read-ignored-fields.ts";

export interface DigestResult extends Readonly<LetterCounts>, DeadLetterDigest {
  /** The number of letters in the digest. */
  readonly letters: number;
  readonly firstForeign: ForeignRecord | null;
  /** Whether there are more letters than were read. */
  readonly truncated: boolean;
  /** Of records that were indexed, but not as they are: in another form, or without some fields. */
  readonly gaveWay: IgnoredFields;
  /** What Elasticsearch keeps of refused documents, beside the letters. */
  readonly failureStores: FailureStoreDigest;
}

export interface DigestDeps extends ReadDeadLettersDeps {
  /** The fields of the same topics that gave way in the last day. @throws only a signal's reason */
  readonly ignoredFields: () => Promise<IgnoredFields>;
  /** The failure stores of the same topics' targets. @throws only a signal's reason */
  readonly failureStores: () => Promise<FailureStoreDigest>;
}

/**
 * Counts the dead letters by topic, field and error, including those already replayed, and lists the fields that gave
 * way and what lies in failure stores.
 */
export async function digestDeadLetters(
  input: ReadDeadLettersInput,
  deps: DigestDeps,
): Promise<DigestResult> {
  const counter = new DigestCounter();
  let letters = 0;
  const [{ counts, firstForeign, complete }, gaveWay, failureStores] = await Promise.all([
    readDeadLetters(input, deps, (batch) => {
      letters += batch.length;
      for (const letter of batch) counter.add(letter);
      return Promise.resolve();
    }),
    deps.ignoredFields(),
    deps.failureStores(),
  ]);
  const about = { letters, firstForeign, truncated: !complete, gaveWay, failureStores };
  return { ...counts, ...about, ...counter.digest() };
}
