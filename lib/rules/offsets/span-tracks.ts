import { PenstockError } from "../base/errors.ts";
import type { SourceRecord } from "../model/record.ts";

/** Offsets [start, end) by partition. */
export type Spans = ReadonlyMap<number, { readonly start: number; readonly end: number }>;

/** What one fetch returned: offsets [start, end), with the records among them. */
interface Fetched {
  readonly partition: number;
  readonly records: readonly SourceRecord[];
  readonly start: number;
  readonly end: number;
}

interface Track {
  /** The next offset to read. */
  position: number;
  readonly end: number;
  /** As the latest fetch told. */
  logStart: number;
  logEnd: number;
  /** The log was once seen to reach the end, so that a shorter one is a passing answer, or was cut off since. */
  reachesEnd: boolean;
}

/** How far the spans of one topic are read. */
export interface SpanTracks {
  /** The partitions that are not read to their end. */
  pending(): { readonly partition: number; readonly position: number }[];
  isPending(partition: number): boolean;
  /**
   * What of a batch belongs to the span and was not read yet. `moved`: it was fetched from behind the position although
   * what lies between still exists.
   * @throws PenstockError `kafka_refused` where the log was cut off before the span's end
   */
  take(
    batch: Fetched,
  ):
    | { readonly kind: "taken"; readonly batch: Fetched }
    | { readonly kind: "known" }
    | { readonly kind: "moved"; readonly wanted: number };
  advance(partition: number, position: number): void;
  /**
   * Takes in where the partition stands: what is deleted, and what lies in an open transaction, cannot be read.
   * @throws PenstockError `kafka_refused` where the log ends before the span does
   */
  observe(told: {
    readonly partition: number;
    readonly highWatermark: number;
    readonly lastStableOffset: number;
    readonly logStart: number;
  }): void;
  /**
   * Takes in that the log does not hold the position: what was deleted is passed over.
   * @throws PenstockError `kafka_refused` where the log ends before it
   */
  outOfRange(partition: number, log: { readonly logStart: number; readonly logEnd: number }): void;
  /** The error for a reader that gets nothing any more. @param trouble what is known of the reason */
  stalled(afterMs: number, trouble: string | null): PenstockError;
}

/**
 * @param ranges of every partition what can be read: its start, and its last stable offset
 * @throws PenstockError `kafka_refused` where there is no such partition
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
      // kafkajs goes back to the beginning of a log that does not hold its position.
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
  const found = logEnd === null ? "there is no such partition" : `its log ends at ${logEnd}`;
  return new PenstockError(
    "kafka_refused",
    `topic "${topic}", partition ${partition}: offsets ${start} to ${end} were to be read, but ${found}`,
  );
}
