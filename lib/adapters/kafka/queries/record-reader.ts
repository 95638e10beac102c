import type { Logger } from "../../../rules/base/logger.ts";
import type { Checkpoint } from "../../../rules/offsets/checkpoint.ts";
import type { LogRange } from "../../../rules/offsets/position.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import type { Spans, FetchedBatch } from "../../../rules/offsets/span-tracks.ts";
import type { KafkaLinks } from "../client/links.ts";
import { createKafkaWire } from "../wire/kafkajs-wire.ts";
import { createKafkaOffsets } from "./offsets.ts";
import { readSpans, type SpanReaderOptions } from "./span-reader.ts";

/**
 * Reads topics independently of their consumers; every call opens and closes its own connections.
 * @param links shared by the clients of one process
 */
export function createRecordReader(kafka: KafkaSettings, logger: Logger, links?: KafkaLinks) {
  return {
    /** Returns the readable range by partition. @throws PenstockError `topic_missing` or `kafka_unavailable` */
    async ranges(topic: string, signal: AbortSignal): Promise<ReadonlyMap<number, LogRange>> {
      const offsets = createKafkaOffsets(kafka, logger, createKafkaWire(kafka, logger, links));
      try {
        return await offsets.ranges(topic, signal);
      } finally {
        await offsets.close();
      }
    },
    /** {@link readSpans} */
    readSpans: (
      topic: string,
      spans: Spans,
      onBatch: (batch: FetchedBatch) => Promise<void>,
      signal: AbortSignal,
    ): Promise<void> => readSpans({ kafka, topic, logger, links }, spans, onBatch, signal),
  };
}

export type RecordReader = ReturnType<typeof createRecordReader>;

/** What waits first in a partition, and the log around it. */
export interface FirstRecord {
  readonly partition: number;
  readonly logStart: number;
  readonly lastStableOffset: number;
  readonly first: Checkpoint;
}

/** A transaction marker, or records of an aborted transaction, may come first. */
const LOOK_AT_OFFSETS = 10;

/**
 * Looks at the first record at or after each of these offsets (null: of the log), without a group. Partitions in which none
 * is found nearby are left out.
 * @throws what `readSpans` throws
 */
export async function readFirstRecords(
  { kafka, topic, logger, links }: SpanReaderOptions,
  offsets: ReadonlyMap<number, number | null>,
  signal: AbortSignal,
): Promise<readonly FirstRecord[]> {
  const reader = createRecordReader(kafka, logger, links);
  const ranges = await reader.ranges(topic, signal);
  const spans = new Map<number, { readonly start: number; readonly end: number }>();
  for (const [partition, offset] of offsets) {
    const range = ranges.get(partition);
    if (range === undefined) continue;
    const start = Math.max(offset ?? 0, range.start);
    if (start < range.end) spans.set(partition, { start, end: Math.min(start + LOOK_AT_OFFSETS, range.end) });
  }
  const found = new Map<number, FirstRecord>();
  const take = async ({
    partition,
    records: [first],
  }: {
    readonly partition: number;
    readonly records: readonly Checkpoint[];
  }): Promise<void> => {
    const range = ranges.get(partition);
    if (first === undefined || range === undefined || found.has(partition)) return;
    const { offset, timestamp } = first;
    const { start: logStart, end: lastStableOffset } = range;
    found.set(partition, { partition, logStart, lastStableOffset, first: { offset, timestamp } });
  };
  await reader.readSpans(topic, spans, take, signal);
  return [...found.values()];
}
