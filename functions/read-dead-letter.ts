import { readDeadLetter, type ReadDeadLetter } from "../lib/rules/dead-letters/dead-letter-reader.ts";
import type { LetterGroup, LetterStanding } from "../lib/rules/dead-letters/letter-state.ts";
import { groupOf } from "../lib/rules/dead-letters/dead-letter-digest.ts";
import { letterStandings, type FindHolders } from "./digest-dead-letters/letter-standings.ts";
import type { ListedLetter } from "./list-dead-letters.ts";
import { readOmittedValues } from "./replay-dead-letters/read-omitted-values.ts";
import type { RecordReader } from "./replay-dead-letters/read-dead-letters.ts";

export interface ReadLetterInput {
  readonly deadLetterTopic: string;
  /** In the dead-letter topic. */
  readonly partition: number;
  readonly offset: number;
}

export interface ReadLetterDeps {
  readonly reader: RecordReader;
  readonly findHolders: FindHolders;
  readonly signal: AbortSignal;
}

/** Bytes as they lie in Kafka. */
export interface LetterBytes {
  /** How many there are. */
  readonly bytes: number;
  /** The first {@link maxShownBytes} of them. */
  readonly base64: string;
}

/** A whole letter. */
export interface WholeLetter
  extends LetterGroup, Omit<ListedLetter, "at" | "key" | "value" | "valueOmitted"> {
  readonly status: number;
  readonly key: LetterBytes | null;
  readonly value: LetterBytes | null;
  /** The record's own, in their order, without those of the letter. */
  readonly headers: readonly { readonly name: string; readonly value: LetterBytes | null }[];
  /**
   * Whose bytes these are: the letter's; the topic's, because they were too large for the letter; or `lost`, because
   * they were too large, and retention took the record from its topic.
   */
  readonly bytesOf: "letter" | "topic" | "lost";
}

export type LetterAnswer =
  | { readonly kind: "letter"; readonly letter: WholeLetter }
  /** There is no letter at this place; the reason is a predicate of the place. */
  | { readonly kind: "none"; readonly reason: string };

/** So much of a key, a value or a header is shown. */
export const maxShownBytes = 256 * 1024;

/**
 * Reads one letter with its record's bytes, from the record's own topic if the letter has none.
 * @throws PenstockError `topic_missing` or `kafka_…`; the signal's reason
 */
export async function readWholeLetter(
  { deadLetterTopic, partition, offset }: ReadLetterInput,
  { reader, findHolders, signal }: ReadLetterDeps,
): Promise<LetterAnswer> {
  const range = (await reader.ranges(deadLetterTopic, signal)).get(partition);
  if (range === undefined || offset < range.start || offset >= range.end)
    return { kind: "none", reason: "is not in the dead-letter topic, or no longer" };
  let found: LetterAnswer = { kind: "none", reason: "holds no record" };
  let letter: ReadDeadLetter | null = null;
  const spans = new Map([[partition, { start: offset, end: offset + 1 }]]);
  await reader.readSpans(
    deadLetterTopic,
    spans,
    async ({ records }) => {
      const record = records.find((one) => one.offset === offset);
      if (record === undefined) return;
      const reading = readDeadLetter(record);
      if (reading.kind === "letter") letter = reading.letter;
      else found = { kind: "none", reason: `holds no letter of Penstock: ${reading.reason}` };
    },
    signal,
  );
  const read = letter as ReadDeadLetter | null;
  if (read === null) return found;
  const [standing = { state: "unknown", heldBy: null } as const] = await letterStandings({
    findHolders,
    signal,
    deadline: null,
  }).of([read]);
  const { letter: whole, bytesOf } = await withBytes(read, reader, signal);
  return { kind: "letter", letter: { ...shown(whole), ...standing, bytesOf } };
}

async function withBytes(
  letter: ReadDeadLetter,
  reader: RecordReader,
  signal: AbortSignal,
): Promise<{ readonly letter: ReadDeadLetter; readonly bytesOf: WholeLetter["bytesOf"] }> {
  if (!letter.valueOmitted || letter.batch !== undefined) return { letter, bytesOf: "letter" };
  let whole: ReadDeadLetter | null = null;
  await readOmittedValues(letter.topic, [letter], reader, signal, ([found]) => {
    whole = found ?? null;
    return Promise.resolve();
  });
  return whole === null ? { letter, bytesOf: "lost" } : { letter: whole, bytesOf: "topic" };
}

function shown(letter: ReadDeadLetter): Omit<WholeLetter, keyof LetterStanding | "bytesOf"> {
  const { record, failedAt, attempts, status, error, batch } = letter;
  const { partition, offset, timestamp, key, value, headers } = record;
  return {
    ...groupOf(letter),
    partition,
    offset,
    timestamp: timestamp < 0 ? null : timestamp,
    failedAt: new Date(failedAt).toISOString(),
    attempts,
    status,
    reason: error.reason,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map((header) => ({ name: header.name, value: bytesOf(header.value) })),
    records: batch?.records ?? 1,
  };
}

function bytesOf(content: Buffer | null): LetterBytes | null {
  if (content === null) return null;
  return { bytes: content.length, base64: content.subarray(0, maxShownBytes).toString("base64") };
}
