import type { FetchedBatch } from "../../lib/adapters/kafka/queries/fetched-batch.ts";
import type { ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import type { Spans } from "../../lib/rules/offsets/span-tracks.ts";
import type { RecordReader } from "./read-dead-letters.ts";

/** Values are left out only of records that are too large: not many are held at once. */
const AT_ONCE = 4;

/**
 * Reads the records of letters without values again from their own topic, and passes them on, whole: all those of a record
 * batch that is one letter.
 * @param letters of this topic
 * @returns those whose records are gone, or are others by now: the topic was deleted and made again
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

/** A span can be read once; the next of the same partition waits for the next round. */
function oneOfEachPartition(letters: readonly ReadDeadLetter[]): ReadDeadLetter[] {
  const byPartition = new Map<number, ReadDeadLetter>();
  for (const letter of letters) {
    if (byPartition.size >= AT_ONCE) break;
    if (!byPartition.has(letter.record.partition)) byPartition.set(letter.record.partition, letter);
  }
  return [...byPartition.values()];
}

/** What lies behind the end of a log cannot be read, and is no reason to give up the rest. */
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
 * The timestamp tells a record of a topic that was deleted and made again. Those of a batch have their own; what lies there
 * now is brought in under its own ids, as it was or will be by the topic's consumer.
 */
function isAbout({ record, batch }: ReadDeadLetter, { partition, offset, timestamp }: SourceRecord): boolean {
  if (record.partition !== partition) return false;
  return batch === undefined
    ? record.offset === offset && record.timestamp === timestamp
    : offset >= record.offset && offset < batch.end;
}
