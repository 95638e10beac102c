import type { HistoryRecord } from "../../../rules/history/record.ts";
import { parseRecord } from "../../../rules/history/record.ts";
import type { LogRange } from "../../../rules/offsets/position.ts";
import type { Spans, FetchedBatch } from "../../../rules/offsets/span-tracks.ts";
import type { KafkaWire } from "../protocol/wire.ts";
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
  /** Whether a lane holds more than a host reads at once: its oldest part is missing. */
  readonly isCut: boolean;
}

/** Of one lane, decompressed. A host with a thousand busy topics writes about this much in a week. */
const MAX_BYTES = 64 * 1024 * 1024;
const DAY_MS = 86_400_000;

/** A partition to read: its log, and from when on its records count. */
export interface ReadLane extends LogRange {
  readonly partition: number;
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
}

export interface ReadDaysDeps {
  /** By partition: the first record of that time or later. */
  at(this: void, ms: number): Promise<ReadonlyMap<number, number>>;
  /** @returns how many bytes it read */
  read(this: void, partition: number, span: LogRange): Promise<number>;
}

/**
 * Reads each lane day by day: the newest first, because there is a limit.
 * @returns whether a lane holds more
 */
export async function readDays(
  lanes: readonly ReadLane[],
  nowMs: number,
  { at, read }: ReadDaysDeps,
): Promise<boolean> {
  let isCut = false;
  for (const { partition, start: first, end, fromMs } of lanes) {
    let before = end;
    let bytes = 0;
    for (let toMs = nowMs; toMs > fromMs && before > first; toMs -= DAY_MS) {
      if (bytes > MAX_BYTES) {
        isCut = true;
        break;
      }
      const told = (await at(Math.max(fromMs, toMs - DAY_MS))).get(partition) ?? before;
      const start = Math.min(told, before);
      if (start < before) bytes += await read(partition, { start, end: before });
      before = start;
    }
  }
  return isCut;
}

/**
 * Reads what the hosts of this group wrote, once. Uses no group.
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
      const record = parseRecord(value);
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
    const lanes = [...ranges].map(([partition, { start, end }]) => ({
      partition,
      start,
      end,
      fromMs: partition === minutes && minutes > 0 ? minutesFromMs : lastingFromMs,
    }));
    const isCut = await readDays(lanes.toReversed(), nowMs, {
      at: (ms) => offsets.at(topic, ms, signal),
      async read(partition, span) {
        bytes = 0;
        await read(new Map([[partition, span]]));
        return bytes;
      },
    });
    return { positions: ends, isCut };
  } finally {
    await wire.close();
  }
}
