import type { FetchedBatch } from "../../lib/adapters/kafka/queries/fetched-batch.ts";
import type { LogRange } from "../../lib/rules/offsets/position.ts";
import { readDeadLetter, type ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { isMeant, type DeadLetterFilter } from "../../lib/rules/dead-letters/replay-request.ts";
import type { Spans } from "../../lib/rules/offsets/span-tracks.ts";

/** Reads topics beside their consumers. */
export interface RecordReader {
  /** What can be read, by partition. @throws PenstockError `topic_missing` or `kafka_unavailable` */
  ranges(topic: string, signal: AbortSignal): Promise<ReadonlyMap<number, LogRange>>;
  /** As `readSpans` of the Kafka adapter. */
  readSpans(
    topic: string,
    spans: Spans,
    onBatch: (batch: FetchedBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** How far the dead-letter topic is read. */
export interface ReadProgress {
  /** Offsets of the dead-letter topic. */
  readonly read: number;
  readonly total: number;
}

export interface ReadDeadLettersInput {
  /** The dead-letter topic. */
  readonly topic: string;
  readonly filter: DeadLetterFilter;
  /** Only about so many of the newest; null: all. */
  readonly newest: number | null;
}

export interface ReadDeadLettersDeps {
  readonly reader: RecordReader;
  /** Called for every batch. */
  onProgress(progress: ReadProgress): void;
  readonly signal: AbortSignal;
  /** Aborted where what was read by then has to do; null: it is read to the end, however long it takes. */
  readonly deadline: AbortSignal | null;
}

/** What was read; `read` counts all of it, the others say why a record was not passed on. */
export interface LetterCounts {
  read: number;
  /** Records that are no dead letters of ours. */
  notLetters: number;
  filteredOut: number;
  /** Letters of a record that another letter was read of already. */
  doubles: number;
}

/** The first record that is no letter, for whoever wonders. */
export interface ForeignRecord {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
}

export interface ReadDeadLettersResult {
  readonly counts: Readonly<LetterCounts>;
  readonly firstForeign: ForeignRecord | null;
  /** False: `newest` left older ones out, or the deadline what was not read yet. */
  readonly complete: boolean;
}

/**
 * Letters are known again among so many read before them: doubles come from a crash or a retry and stand near each
 * other. About 25 MB at most; one that is not known again is found to be in the index instead.
 */
const MAX_REMEMBERED = 200_000;

/**
 * Reads the dead-letter topic once, to the end it has now, and passes on the letters that are meant, each record once.
 * A topic that does not exist holds none.
 */
export async function readDeadLetters(
  { topic, filter, newest }: ReadDeadLettersInput,
  deps: ReadDeadLettersDeps,
  onLetters: (letters: readonly ReadDeadLetter[]) => Promise<void>,
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
    const letters: ReadDeadLetter[] = [];
    for (const record of records) {
      counts.read += 1;
      const reading = readDeadLetter(record);
      if (reading.kind === "foreign") {
        counts.notLetters += 1;
        firstForeign ??= { partition, offset: record.offset, reason: reading.reason };
      } else if (!isMeant(reading.letter, filter)) counts.filteredOut += 1;
      else if (isDouble(reading.letter)) counts.doubles += 1;
      else letters.push(reading.letter);
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
  // Retention may have taken some meanwhile.
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
    // It is made with the first letter.
    if (error instanceof PenstockError && error.code === "topic_missing") return new Map();
    throw error;
  }
}

/** The same share of the newest of every partition. */
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
