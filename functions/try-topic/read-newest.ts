import { PenstockError } from "../../lib/rules/base/errors.ts";
import { contentBytesOf, type SourceRecord } from "../../lib/rules/model/record.ts";
import { newestSpans } from "../../lib/rules/trial/newest-spans.ts";
import type { RecordReader } from "../replay-dead-letters/read-dead-letters.ts";

export interface ReadNewestDeps {
  readonly reader: RecordReader;
  readonly signal: AbortSignal;
  /** Ends the reading with what was read so far. */
  readonly deadline: AbortSignal;
}

export interface NewestRecords {
  /** The newest first. */
  readonly records: readonly SourceRecord[];
  /** Of the topic. */
  readonly partitions: number;
  /** Why there are fewer records than asked for, in sentences. */
  readonly notes: readonly string[];
}

/** Content of all records together. A single one may be larger. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Transaction markers and compacted records leave holes, so it reads further back, each time more. */
const ROUNDS = 4;

/**
 * Reads about `wanted` of a topic's newest records, spread over its partitions, without a group.
 * @throws PenstockError `topic_missing`, `kafka_refused` or `kafka_unavailable`; the signal's reason
 */
export async function readNewest(
  topic: string,
  wanted: number,
  { reader, signal, deadline }: ReadNewestDeps,
): Promise<NewestRecords> {
  const ranges = await reader.ranges(topic, signal);
  const until = AbortSignal.any([signal, deadline]);
  const kept = new Map<number, SourceRecord[]>([...ranges.keys()].map((partition) => [partition, []]));
  const notes: string[] = [];
  let isTooMuch = false;
  let unread = ranges;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const missing = wanted - countIn(kept);
      const spans = isTooMuch ? new Map<never, never>() : newestSpans(unread, missing * 4 ** round);
      if (spans.size === 0) break;
      const read = new Map([...spans.keys()].map((partition) => [partition, new Array<SourceRecord>()]));
      const take = ({ partition, records }: { partition: number; records: readonly SourceRecord[] }) => {
        read.get(partition)?.push(...records);
        isTooMuch = dropOldest(read, kept) || isTooMuch;
        return Promise.resolve();
      };
      try {
        await reader.readSpans(topic, spans, take, until);
      } finally {
        for (const [partition, records] of read)
          kept.set(partition, [...records, ...(kept.get(partition) ?? [])]);
      }
      unread = new Map(
        [...unread].map(([partition, { start, end }]) => [
          partition,
          { start, end: spans.get(partition)?.start ?? end },
        ]),
      );
    }
  } catch (error) {
    if (!deadline.aborted || signal.aborted) throw error;
    if (countIn(kept) === 0)
      throw new PenstockError("kafka_unavailable", `Kafka delivered no record of topic "${topic}" in time`, {
        retryable: true,
        cause: error,
      });
    notes.push("Kafka did not deliver all of them in time, so the newest ones may be missing");
  }
  if (isTooMuch) notes.push(`only the newest ${MAX_BYTES / 1024 / 1024} MB of them were tried`);
  return { records: newestFirst(kept).slice(0, wanted), partitions: ranges.size, notes };
}

/** By time across partitions, and by offset within each: the times of a partition need not ascend. */
function newestFirst(kept: ByPartition): SourceRecord[] {
  const places = [...kept.values()].flatMap((records) => {
    let timeMs = -1;
    return records.map((record) => ({ record, timeMs: (timeMs = Math.max(timeMs, record.timestamp)) }));
  });
  return places
    .toSorted((a, b) => b.timeMs - a.timeMs || b.record.offset - a.record.offset)
    .map(({ record }) => record);
}

type ByPartition = Map<number, SourceRecord[]>;

function countIn(records: ByPartition): number {
  return [...records.values()].reduce((count, { length }) => count + length, 0);
}

/** Drops the oldest of those just read until they fit beside those kept. @returns whether it dropped any */
function dropOldest(read: ByPartition, kept: ByPartition): boolean {
  const sizeOf = (records: readonly SourceRecord[]): number =>
    records.reduce((bytes, record) => bytes + contentBytesOf(record), 0);
  const all = (records: ByPartition): number => sizeOf([...records.values()].flat());
  let bytes = all(read) + all(kept);
  let dropped = false;
  while (bytes > MAX_BYTES && countIn(read) + countIn(kept) > 1) {
    const largest = [...read.values()].toSorted((a, b) => sizeOf(b) - sizeOf(a))[0]?.shift();
    if (largest === undefined) break;
    bytes -= contentBytesOf(largest);
    dropped = true;
  }
  return dropped;
}
