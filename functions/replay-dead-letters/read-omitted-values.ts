import type { ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import type { Spans, FetchedBatch } from "../../lib/rules/offsets/span-tracks.ts";
import type { RecordReader } from "./read-dead-letters.ts";

/** Only very large records have their values omitted, so few are read at once. */
const AT_ONCE = 4;

/**
 * Reads the records of letters without values from their own topic, and passes on the complete records. A letter for a
 * whole record batch yields all of its records.
 * @param letters of this topic
 * @returns the letters whose records no longer exist, or were replaced because the topic was recreated
 */
export async function readOmittedValues(
  topic: string,
  letters: readonly ReadDeadLetter[],
  reader: RecordReader,
  signal: AbortSignal,
  onFound: (letters: readonly ReadDeadLetter[]) => Promise<void>,
): Promise<readonly ReadDeadLetter[]> {
  const lost: ReadDeadLetter[] = [];
  let left = [...letters];
  while (left.length > 0) {
    const round = oneOfEachPartition(left);
    left = left.filter((letter) => !round.includes(letter));
    const spans = new Map(
      round.map(({ record: { partition, offset }, batch }) => [
        partition,
        { start: offset, end: batch?.end ?? offset + 1 },
      ]),
    );
    const read = new Set<ReadDeadLetter>();
    const onBatch = async ({ records }: FetchedBatch): Promise<void> => {
      const found: ReadDeadLetter[] = [];
      for (const record of records) {
        const letter = round.find((one) => isAbout(one, record));
        if (letter === undefined) continue;
        read.add(letter);
        const { batch: _batch, ...about } = letter;
        found.push({ ...about, record, valueOmitted: false });
      }
      await onFound(found);
    };
    await readWhatIsThere(reader, topic, spans, onBatch, signal);
    lost.push(...round.filter((letter) => !read.has(letter)));
  }
  return lost;
}

/** A round reads one span per partition, so another letter of the same partition waits for the next round. */
function oneOfEachPartition(letters: readonly ReadDeadLetter[]): ReadDeadLetter[] {
  const byPartition = new Map<number, ReadDeadLetter>();
  for (const letter of letters) {
    if (byPartition.size >= AT_ONCE) break;
    if (!byPartition.has(letter.record.partition)) byPartition.set(letter.record.partition, letter);
  }
  return [...byPartition.values()];
}

/** Skips offsets beyond the end of the log, so that they do not make the rest fail. */
async function readWhatIsThere(
  reader: RecordReader,
  topic: string,
  spans: Spans,
  onBatch: (batch: FetchedBatch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const ranges = await reader.ranges(topic, signal);
    const readable = [...spans].filter(([partition, { end }]) => end <= (ranges.get(partition)?.end ?? 0));
    await reader.readSpans(topic, new Map(readable), onBatch, signal);
  } catch (error) {
    // The topic was deleted, with everything in it.
    if (!(error instanceof PenstockError) || error.code !== "topic_missing") throw error;
  }
}

/**
 * The timestamp distinguishes records of a recreated topic. The letter of a batch has no timestamps of its records, so
 * those now at its offsets are ingested under their own ids, as the topic's consumer did or will do.
 */
function isAbout({ record, batch }: ReadDeadLetter, { partition, offset, timestamp }: SourceRecord): boolean {
  if (record.partition !== partition) return false;
  return batch === undefined
    ? record.offset === offset && record.timestamp === timestamp
    : offset >= record.offset && offset < batch.end;
}
