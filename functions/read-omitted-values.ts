import type { FetchedBatch } from "../lib/adapters/kafka/fetched-batch.ts";
import type { ReadDeadLetter } from "../lib/rules/dead-letter-reader.ts";
import { PenstockError } from "../lib/rules/errors.ts";
import type { Spans } from "../lib/rules/span-tracks.ts";
import type { RecordReader } from "./read-dead-letters.ts";

/** Values are left out only of records that are too large: not many are held at once. */
const AT_ONCE = 4;

/**
 * Reads the records of letters without values again from their own topic, and passes them on, whole.
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
      round.map(({ record: { partition, offset } }) => [partition, { start: offset, end: offset + 1 }]),
    );
    const found: ReadDeadLetter[] = [];
    const onBatch = ({ records }: FetchedBatch): Promise<void> => {
      for (const record of records) {
        const letter = round.find((one) => isSame(one.record, record));
        if (letter !== undefined) found.push({ ...letter, record, valueOmitted: false });
      }
      return Promise.resolve();
    };
    await readWhatIsThere(reader, topic, spans, onBatch, signal);
    await onFound(found);
    lost.push(...round.filter(({ record }) => !found.some((one) => isSame(one.record, record))));
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

interface Place {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
}

/** The timestamp tells a record of a topic that was deleted and made again. */
function isSame(a: Place, b: Place): boolean {
  return a.partition === b.partition && a.offset === b.offset && a.timestamp === b.timestamp;
}
