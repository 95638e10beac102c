import { PenstockError } from "../base/errors.ts";
import type { SourceRecord } from "../model/record.ts";

/** Offsets [start, end) by partition. */
export type Spans = ReadonlyMap<number, { readonly start: number; readonly end: number }>;

/** Records of one partition, read together. */
export interface FetchedBatch {
  readonly partition: number;
  readonly records: readonly SourceRecord[];
  /** The end of the previous batch, unless the position was moved. */
  readonly start: number;
  /** One past the last offset this batch covers, records or not. */
  readonly end: number;
}

/** Records of one partition, and how far Kafka was read. */
export type ReadBatch = Omit<FetchedBatch, "start">;

/** Reads each span of a topic once, in order of offsets. */
export type ReadSpans = (spans: Spans, onBatch: (batch: ReadBatch) => Promise<void>) => Promise<void>;

interface Track {
  /** The next offset to read. */
  position: number;
  readonly end: number;
  /** From the latest fetch. */
  logStart: number;
  logEnd: number;
  /** The log once reached the end. If a later response shows a shorter one, it is stale, or the log was truncated since. */
  reachesEnd: boolean;
}

/** The progress of reading the spans of one topic. */
export interface SpanTracks {
  /** The partitions that are not fully read yet. */
  pending(): { readonly partition: number; readonly position: number }[];
  isPending(partition: number): boolean;
  /**
   * Selects the records of a batch that belong to the span and were not read yet. `moved`: the batch starts after the
   * position although the records in between still exist.
   * @throws PenstockError `kafka_refused` if the log was truncated before the span's end
   */
  take(
    batch: FetchedBatch,
  ):
    | { readonly kind: "taken"; readonly batch: FetchedBatch }
    | { readonly kind: "known" }
    | { readonly kind: "moved"; readonly wanted: number };
  advance(partition: number, position: number): void;
  /**
   * Updates the partition's offsets. Deleted records and those of an open transaction cannot be read.
   * @throws PenstockError `kafka_refused` if the log ends before the span does
   */
  observe(told: {
    readonly partition: number;
    readonly highWatermark: number;
    readonly lastStableOffset: number;
    readonly logStart: number;
  }): void;
  /**
   * Handles a position outside the log by skipping deleted records.
   * @throws PenstockError `kafka_refused` if the log ends before the position
   */
  outOfRange(partition: number, log: { readonly logStart: number; readonly logEnd: number }): void;
  /** The error for a reader that receives nothing any more. @param trouble the reason, if known */
  stalled(afterMs: number, trouble: string | null): PenstockError;
}

/**
 * @param ranges the readable range of each partition: its start and its last stable offset
 * @throws PenstockError `kafka_refused` if a partition does not exist
 */
export function trackSpans(
  topic: string,
  spans: Spans,
  ranges: ReadonlyMap<number, { readonly start: number; readonly end: number }>,
): SpanTracks {
  const tracks = new Map<number, Track>();
  for (const [partition, { start, end }] of spans) {
    const range = ranges.get(partition);
    if (start >= end) continue;
    if (range === undefined) throw endsEarly(topic, partition, { start, end }, null);
    const position = Math.min(Math.max(start, range.start), end);
    const reachesEnd = range.end >= end;
    tracks.set(partition, { position, end, logStart: range.start, logEnd: range.end, reachesEnd });
  }
  const isPending = ({ position, end }: Track): boolean => position < end;

  return {
    pending: () =>
      [...tracks]
        .filter(([, track]) => isPending(track))
        .map(([partition, { position }]) => ({ partition, position })),
    isPending(partition) {
      const track = tracks.get(partition);
      return track !== undefined && isPending(track);
    },
    take(batch) {
      const { partition } = batch;
      const track = tracks.get(partition);
      if (track === undefined || !isPending(track)) return { kind: "known" };
      const { position, end, logStart, logEnd } = track;
      // A client resets to the start of a log that does not contain its position.
      if (batch.start < position && logEnd < end) {
        throw endsEarly(topic, partition, { start: position, end }, logEnd);
      }
      if (batch.start > position && batch.start > logStart) return { kind: "moved", wanted: position };
      if (batch.end <= position) return { kind: "known" };
      const records = batch.records.filter(({ offset }) => offset >= position && offset < end);
      return { kind: "taken", batch: { partition, records, start: position, end: Math.min(batch.end, end) } };
    },
    advance(partition, position) {
      const track = tracks.get(partition);
      if (track !== undefined) track.position = Math.max(track.position, position);
    },
    observe({ partition, highWatermark, lastStableOffset, logStart }) {
      const track = tracks.get(partition);
      if (track === undefined) return;
      track.logStart = logStart;
      track.logEnd = highWatermark;
      track.reachesEnd ||= highWatermark >= track.end;
      if (!track.reachesEnd)
        throw endsEarly(topic, partition, { start: track.position, end: track.end }, highWatermark);
      const allDeleted = logStart >= track.end;
      const restIsOpen =
        lastStableOffset >= 0 && lastStableOffset <= track.position && highWatermark >= track.end;
      if (allDeleted || restIsOpen) track.position = track.end;
    },
    outOfRange(partition, { logStart, logEnd }) {
      const track = tracks.get(partition);
      if (track === undefined) return;
      track.logStart = logStart;
      track.logEnd = logEnd;
      if (track.position > logEnd)
        throw endsEarly(topic, partition, { start: track.position, end: track.end }, logEnd);
      track.position = Math.max(track.position, Math.min(logStart, track.end));
    },
    stalled(afterMs, trouble) {
      const places = [...tracks]
        .filter(([, track]) => isPending(track))
        .map(([partition, { position, end, logEnd }]) => {
          return `partition ${partition} at offset ${position} of ${end} (its log ends at ${logEnd})`;
        });
      return new PenstockError(
        "kafka_unavailable",
        `topic "${topic}": nothing could be read for ${afterMs / 1000} s: ${trouble ?? places.join(", ")}`,
        { retryable: true },
      );
    },
  };
}

function endsEarly(
  topic: string,
  partition: number,
  { start, end }: { start: number; end: number },
  logEnd: number | null,
): PenstockError {
  const found = logEnd === null ? "the partition does not exist" : `its log ends at ${logEnd}`;
  return new PenstockError(
    "kafka_refused",
    `topic "${topic}", partition ${partition}: offsets ${start} to ${end} should be read, but ${found}`,
  );
}
