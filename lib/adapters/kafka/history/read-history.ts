import type { HistoryRecord } from "../../../rules/history/record.ts";
import { parseRecord } from "../../../rules/history/record.ts";
import type { Spans } from "../../../rules/offsets/span-tracks.ts";
import type { KafkaWire } from "../protocol/wire.ts";
import type { FetchedBatch } from "../queries/fetched-batch.ts";
import { createKafkaOffsets } from "../queries/offsets.ts";
import { readSpans } from "../queries/span-reader.ts";
import { type HistoryTopicOptions, partitionOf } from "./history-topic.ts";

/** The next offset to read, by partition. */
export type HistoryPositions = ReadonlyMap<number, number>;

export interface HistoryRead {
  /** Where to go on; null: from the times below. */
  readonly positions: HistoryPositions | null;
  /** From when on minutes are read, and everything else; milliseconds since the epoch. */
  readonly minutesFromMs: number;
  readonly lastingFromMs: number;
  readonly nowMs: number;
}

export interface HistoryReading {
  readonly positions: HistoryPositions;
  /** Whether there was more than a host reads at once: the oldest is missing. */
  readonly isCut: boolean;
}

/** Of values, decompressed. A thousand busy topics on three hosts write this much in a week. */
const MAX_BYTES = 64 * 1024 * 1024;
const DAY_MS = 86_400_000;

/**
 * Reads what the hosts of this group wrote, once, day by day: the newest first, because there is a limit. Uses no group.
 * @param wire connections that nobody else uses; closed at the end
 * @throws what `readSpans` throws; PenstockError `topic_missing` before the first host wrote
 */
export async function readHistory(
  { kafka, history, logger }: HistoryTopicOptions,
  wire: KafkaWire,
  { positions, minutesFromMs, lastingFromMs, nowMs }: HistoryRead,
  onRecord: (record: HistoryRecord) => void,
  signal: AbortSignal,
): Promise<HistoryReading> {
  const { topic } = history;
  let bytes = 0;
  const take = ({ records }: FetchedBatch): Promise<void> => {
    for (const { key, value } of records) {
      if (key?.toString() !== kafka.group || value === null) continue;
      bytes += value.byteLength;
      const record = parseRecord(value.toString());
      if (record !== null) onRecord(record);
    }
    return Promise.resolve();
  };
  const read = (spans: Spans): Promise<void> =>
    readSpans({ kafka, topic, logger, wire }, spans, take, signal);
  try {
    const offsets = createKafkaOffsets(kafka, logger, wire);
    const ranges = await offsets.ranges(topic, signal);
    const ends = new Map([...ranges].map(([partition, { end }]) => [partition, end]));
    if (positions !== null) {
      // A log that was created again, or cut by its retention, is read from its start.
      const spans = [...ranges].map(([partition, { start, end }]) => {
        const at = positions.get(partition) ?? start;
        return [partition, { start: at < start || at > end ? start : at, end }] as const;
      });
      await read(new Map(spans));
      return { positions: ends, isCut: false };
    }
    const minutes = partitionOf("minutes", ranges.size);
    for (const [partition, { end }] of [...ranges].toSorted(([a], [b]) => b - a)) {
      const fromMs = partition === minutes && minutes > 0 ? minutesFromMs : lastingFromMs;
      let before = end;
      for (let toMs = nowMs; toMs > fromMs && before > 0; toMs -= DAY_MS) {
        if (bytes > MAX_BYTES) return { positions: ends, isCut: true };
        const start =
          (await offsets.at(topic, Math.max(fromMs, toMs - DAY_MS), signal)).get(partition) ?? before;
        await read(new Map([[partition, { start: Math.min(start, before), end: before }]]));
        before = Math.min(start, before);
      }
    }
    return { positions: ends, isCut: false };
  } finally {
    await wire.close();
  }
}
