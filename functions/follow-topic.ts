import { readNewest } from "./try-topic/read-newest.ts";
import type { RecordReader } from "./replay-dead-letters/read-dead-letters.ts";
import type { SourceRecord } from "../lib/rules/model/record.ts";

export interface FollowInput {
  readonly topic: string;
  /** How many of the newest records come first. */
  readonly last: number;
}

export interface FollowDeps {
  readonly reader: RecordReader;
  /** Takes each record. @returns false if nothing more is wanted */
  readonly onRecord: (record: SourceRecord) => boolean;
  /** Waits before the next look at the ends of the log. */
  readonly wait: () => Promise<void>;
  readonly signal: AbortSignal;
  /** Ends the reading of the newest with what was read so far. */
  readonly deadline: AbortSignal;
}

/**
 * Reads the newest records of a topic, then those that come, without a group, in the order of each partition. Partitions
 * that are added are read from their start, and so is a topic that was made anew.
 * @throws PenstockError `topic_missing`, `kafka_refused` or `kafka_unavailable`; the signal's reason
 */
export async function followTopic({ topic, last }: FollowInput, deps: FollowDeps): Promise<void> {
  const { reader, onRecord, wait, signal } = deps;
  const ends = new Map<number, number>();
  for (const [partition, { end }] of await reader.ranges(topic, signal)) ends.set(partition, end);
  const { records } = last === 0 ? { records: [] } : await readNewest(topic, last, deps);
  let isWanted = true;
  const take = (record: SourceRecord): void => {
    isWanted &&= onRecord(record);
  };
  for (const record of records.toReversed())
    if (record.offset < (ends.get(record.partition) ?? 0)) take(record);
  while (isWanted) {
    await wait();
    const spans = new Map<number, { readonly start: number; readonly end: number }>();
    for (const [partition, range] of await reader.ranges(topic, signal)) {
      const known = ends.get(partition) ?? range.start;
      const start = known > range.end ? range.start : Math.max(known, range.start);
      if (start < range.end) spans.set(partition, { start, end: range.end });
      ends.set(partition, range.end);
    }
    if (spans.size === 0) continue;
    await reader.readSpans(
      topic,
      spans,
      async ({ records: some }) => {
        for (const record of some) take(record);
      },
      signal,
    );
  }
}
