import type { LogRange } from "../../lib/rules/offsets/position.ts";
import { readDeadLetter, type ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { isMeant, type DeadLetterFilter } from "../../lib/rules/dead-letters/replay-request.ts";
import type { Spans, FetchedBatch } from "../../lib/rules/offsets/span-tracks.ts";

/** Reads topics independently of their consumers. */
export interface RecordReader {
  /** Readable offsets by partition. @throws PenstockError `topic_missing` or `kafka_unavailable` */
  ranges(topic: string, signal: AbortSignal): Promise<ReadonlyMap<number, LogRange>>;
  /** As `readSpans` of the Kafka adapter. */
  readSpans(
    topic: string,
    spans: Spans,
    onBatch: (batch: FetchedBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** How far the dead-letter topic has been read. */
export interface ReadProgress {
  /** In offsets of the dead-letter topic. */
  readonly read: number;
  readonly total: number;
}

export interface ReadDeadLettersInput {
  /** The dead-letter topic. */
  readonly topic: string;
  readonly filter: DeadLetterFilter;
  /** Reads only about this many of the newest letters; null for all. */
  readonly newest: number | null;
}

export interface ReadDeadLettersDeps {
  readonly reader: RecordReader;
  /** Called for every batch. */
  onProgress(progress: ReadProgress): void;
  /** Called with each letter, also those that the filter leaves out. */
  onLetter?(letter: ReadDeadLetter): void;
  readonly signal: AbortSignal;
  /** Ends the reading early with what was read so far; null to read to the end. */
  readonly deadline: AbortSignal | null;
}

/** A letter, and where it lies in the dead-letter topic. */
export interface PlacedLetter extends ReadDeadLetter {
  readonly at: { readonly partition: number; readonly offset: number };
}

/** `read` counts all records, the others those that were not passed on. */
export interface LetterCounts {
  read: number;
  /** Records that are not dead letters of ours. */
  notLetters: number;
  filteredOut: number;
  /** Further letters for the same record. */
  doubles: number;
}

/** The first record that is not a letter, to help find its origin. */
export interface ForeignRecord {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
}

export interface ReadDeadLettersResult {
  readonly counts: Readonly<LetterCounts>;
  readonly firstForeign: ForeignRecord | null;
  /** False if older letters were left out because of `newest`, or others because of the deadline. */
  readonly complete: boolean;
}

/**
 * How many letters are remembered to recognize doubles, which come from crashes or retries and are close together.
 * About 25 MB at most. An unrecognized double does no harm: its record is already in the index.
 */
const MAX_REMEMBERED = 200_000;

/**
 * Reads the dead-letter topic once, up to its current end, and passes on the letters that pass the filter, one per
 * record. A topic that does not exist counts as empty.
 */
export async function readDeadLetters(
  { topic, filter, newest }: ReadDeadLettersInput,
  deps: ReadDeadLettersDeps,
  onLetters: (letters: readonly PlacedLetter[]) => Promise<void>,
): Promise<ReadDeadLettersResult> {
  const { reader, signal, deadline } = deps;
  const counts: LetterCounts = { read: 0, notLetters: 0, filteredOut: 0, doubles: 0 };
  let firstForeign: ForeignRecord | null = null;
  const ranges = await rangesOf(topic, reader, signal);
  const { spans, complete } = newestOf(ranges, newest);
  const until = deadline === null ? signal : AbortSignal.any([signal, deadline]);
  const positions = new Map([...spans].map(([partition, { start }]) => [partition, start]));
  const total = [...spans.values()].reduce((sum, { start, end }) => sum + end - start, 0);
  const seen = new Set<string>();

  const isDouble = (letter: ReadDeadLetter): boolean => {
    const id = documentId(letter.topic, letter.record);
    if (seen.has(id)) return true;
    const [oldest] = seen;
    if (seen.size >= MAX_REMEMBERED && oldest !== undefined) seen.delete(oldest);
    seen.add(id);
    return false;
  };

  deps.onProgress({ read: 0, total });
  let read = 0;
  const take = async ({ partition, records, end }: FetchedBatch): Promise<void> => {
    const letters: PlacedLetter[] = [];
    for (const record of records) {
      counts.read += 1;
      const reading = readDeadLetter(record);
      if (reading.kind === "foreign") {
        counts.notLetters += 1;
        firstForeign ??= { partition, offset: record.offset, reason: reading.reason };
        continue;
      }
      deps.onLetter?.(reading.letter);
      if (!isMeant(reading.letter, filter)) counts.filteredOut += 1;
      else if (isDouble(reading.letter)) counts.doubles += 1;
      else letters.push({ ...reading.letter, at: { partition, offset: record.offset } });
    }
    if (letters.length > 0) await onLetters(letters);
    read += end - (positions.get(partition) ?? end);
    positions.set(partition, end);
    deps.onProgress({ read, total });
  };
  try {
    await reader.readSpans(topic, spans, take, until);
  } catch (error) {
    if (deadline?.aborted !== true || signal.aborted) throw error;
    return { counts, firstForeign, complete: false };
  }
  // Retention may have deleted some meanwhile.
  deps.onProgress({ read: total, total });
  return { counts, firstForeign, complete };
}

async function rangesOf(
  topic: string,
  reader: RecordReader,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, LogRange>> {
  try {
    return await reader.ranges(topic, signal);
  } catch (error) {
    // The topic is created with the first letter.
    if (error instanceof PenstockError && error.code === "topic_missing") return new Map();
    throw error;
  }
}

/** Takes an equal share of the newest letters from every partition. */
function newestOf(
  ranges: ReadonlyMap<number, LogRange>,
  newest: number | null,
): { readonly spans: Spans; readonly complete: boolean } {
  if (newest === null) return { spans: ranges, complete: true };
  const share = Math.ceil(newest / Math.max(1, ranges.size));
  const spans = new Map(
    [...ranges].map(([partition, { start, end }]) => [
      partition,
      { start: Math.max(start, end - share), end },
    ]),
  );
  const complete = [...ranges].every(([partition, { start }]) => spans.get(partition)?.start === start);
  return { spans, complete };
}
