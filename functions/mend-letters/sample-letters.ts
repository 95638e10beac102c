import type { ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import type { LetterGroup } from "../../lib/rules/dead-letters/letter-state.ts";
import { contentBytesOf } from "../../lib/rules/model/record.ts";
import { type FindHolders, letterStandings } from "../digest-dead-letters/letter-standings.ts";
import { filterOf } from "../list-dead-letters.ts";
import { readDeadLetters, type ReadDeadLettersDeps } from "../replay-dead-letters/read-dead-letters.ts";
import { readOmittedValues } from "../replay-dead-letters/read-omitted-values.ts";

export interface SampleLettersInput {
  readonly deadLetterTopic: string;
  readonly group: LetterGroup;
  /** Reads only about this many of the newest letters; null: all. */
  readonly newest: number | null;
}

export interface SampleLettersDeps extends Omit<ReadDeadLettersDeps, "onProgress"> {
  readonly findHolders: FindHolders;
}

export interface SampledLetters {
  /** The newest first. */
  readonly letters: readonly ReadDeadLetter[];
  /** False if there may be letters that were not read. */
  readonly complete: boolean;
}

/** Letters of one sample, and the bytes of their records together. A single one may be larger. */
export const maxSample = 100;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads the newest letters of a group whose records no index has, with their values. Letters for whole record batches are
 * left out, as are those whose records are lost.
 */
export async function sampleLetters(
  { deadLetterTopic, group, newest }: SampleLettersInput,
  deps: SampleLettersDeps,
): Promise<SampledLetters> {
  const standings = letterStandings(deps);
  let kept: ReadDeadLetter[] = [];
  const { complete } = await readDeadLetters(
    { topic: deadLetterTopic, filter: filterOf(group), newest },
    { ...deps, onProgress: () => {} },
    async (letters) => {
      const found = await standings.of(letters);
      const open = letters.filter(({ batch }, at) => batch === undefined && found[at]?.state !== "resolved");
      kept = fitting([...kept, ...open].toSorted((a, b) => b.failedAt - a.failedAt));
    },
  );
  const omitted = kept.filter(({ valueOmitted }) => valueOmitted);
  const whole = kept.filter(({ valueOmitted }) => !valueOmitted);
  if (omitted.length > 0)
    await readOmittedValues(group.topic, omitted, deps.reader, deps.signal, (found) => {
      whole.push(...found);
      return Promise.resolve();
    });
  return { letters: fitting(whole.toSorted((a, b) => b.failedAt - a.failedAt)), complete };
}

/** The first of them that fit. */
function fitting(letters: readonly ReadDeadLetter[]): ReadDeadLetter[] {
  let bytes = 0;
  const some = letters.slice(0, maxSample);
  const tooMuch = some.findIndex(({ record }, at) => (bytes += contentBytesOf(record)) > MAX_BYTES && at > 0);
  return tooMuch < 0 ? some : some.slice(0, tooMuch);
}
