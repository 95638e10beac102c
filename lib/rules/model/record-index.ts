import { fillFields, indexFields, indexPart, roomForFields, withFallback } from "./index-fields.ts";
import { createIndexNamer, indexForTimestamp, isDated } from "./names.ts";

/** The index that a record's fields ask for. */
export interface WantedIndex {
  readonly name: string;
  /** Where the record goes if the topic may have no further index. */
  readonly fallback: string;
  /** The day for which the bound of indices counts; empty if the name is not dated. */
  readonly day: string;
}

/** Keeps a topic's indices within their bound. */
export interface IndexChoice {
  /** Returns the name, or the fallback. The same record always gets the same answer. */
  choose(wanted: WantedIndex): string;
}

/** The choice of those who write. */
export interface BoundedIndices extends IndexChoice {
  /** Whether names were wanted since the last decision that are not decided yet; their answers do not count. */
  readonly isOpen: boolean;
  /**
   * Decides on them, for all hosts and for good.
   * @param again asked again for the same records
   * @throws PenstockError, or the signal's reason
   */
  decide(signal: AbortSignal, again: boolean): Promise<void>;
}

/** For those who do not write: every name is admitted. */
export const everyIndex: IndexChoice = { choose: ({ name }) => name };

/** @param values of the fields that the name contains, as JSON text and in their order; null or missing: absent */
export type RecordIndex = (timestampMs: number, values: readonly (string | null)[]) => string;
/** Of most topics. */
export const noValues: readonly null[] = [];

const MS_PER_DAY = 86_400_000;
/** Values of one topic that are remembered with their names, and the length from which one is not. */
const MOST_KNOWN = 4_096;
const LONG_KEY = 512;

/** Names the index of each record of a topic. @param template as in `Specification.index` */
export function createRecordIndex(template: string, choice: IndexChoice): RecordIndex {
  const fields = indexFields(template);
  if (fields.length === 0) return createIndexNamer(template);
  const room = roomForFields(template);
  const ofFallback = withFallback(template);
  const known = new Map<string, WantedIndex>();

  const wantedOf = (timestampMs: number, values: readonly (string | null)[]): WantedIndex => ({
    name: indexForTimestamp(
      fillFields(template, (field) => indexPart(values[field] ?? null, room)),
      timestampMs,
    ),
    fallback: indexForTimestamp(ofFallback, timestampMs),
    day: isDated(template) ? new Date(timestampMs).toISOString().slice(0, 10) : "",
  });

  return (timestampMs, values) => {
    // Raw JSON contains no line break, except between tokens of an object, which is never a name.
    const key = `${isDated(template) ? Math.floor(timestampMs / MS_PER_DAY) : ""}\n${values.join("\n")}`;
    let wanted = known.get(key);
    if (wanted === undefined) {
      wanted = wantedOf(timestampMs, values);
      if (known.size === MOST_KNOWN) known.clear();
      if (key.length < LONG_KEY) known.set(key, wanted);
    }
    return choice.choose(wanted);
  };
}
