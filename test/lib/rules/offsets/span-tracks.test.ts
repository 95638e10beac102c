import { describe, expect, test } from "bun:test";
import { trackSpans } from "../../../../lib/rules/offsets/span-tracks.ts";
import { sourceRecord } from "../../../support/records.ts";

const ranges = new Map([
  [0, { start: 10, end: 100 }],
  [1, { start: 0, end: 50 }],
]);

function records(from: number, to: number) {
  return Array.from({ length: to - from }, (_, n) => sourceRecord("x", { offset: from + n }));
}

function batch(start: number, end: number, partition = 0) {
  return { partition, start, end, records: records(start, end) };
}

/** The offsets that a `take` passes on, and its end. */
function taken(verdict: ReturnType<ReturnType<typeof trackSpans>["take"]>) {
  if (verdict.kind !== "taken") return verdict;
  return { offsets: verdict.batch.records.map(({ offset }) => offset), end: verdict.batch.end };
}

describe("the spans of a topic", () => {
  test("begin at their start, or at the log's start", () => {
    const spans = new Map([
      [0, { start: 3, end: 20 }],
      [1, { start: 7, end: 9 }],
    ]);
    expect(trackSpans("t", spans, ranges).pending()).toEqual([
      { partition: 0, position: 10 },
      { partition: 1, position: 7 },
    ]);
  });

  test("that are empty or completely deleted need no reading", () => {
    const spans = new Map([
      [0, { start: 3, end: 10 }],
      [1, { start: 9, end: 9 }],
    ]);
    expect(trackSpans("t", spans, ranges).pending()).toEqual([]);
  });

  test("must end within the log", () => {
    const tracks = trackSpans("t", new Map([[1, { start: 40, end: 51 }]]), ranges);
    expect(() =>
      tracks.observe({ partition: 1, highWatermark: 50, lastStableOffset: 50, logStart: 0 }),
    ).toThrow('topic "t", partition 1: offsets 40 to 51 should be read, but its log ends at 50');
    expect(() => trackSpans("t", new Map([[2, { start: 0, end: 1 }]]), ranges)).toThrow(
      "the partition does not exist",
    );
  });

  test("take only their own records, once", () => {
    const tracks = trackSpans("t", new Map([[0, { start: 20, end: 25 }]]), ranges);
    expect(taken(tracks.take(batch(18, 22)))).toEqual({ offsets: [20, 21], end: 22 });
    tracks.advance(0, 22);
    expect(taken(tracks.take(batch(20, 22)))).toEqual({ kind: "known" });
    expect(taken(tracks.take(batch(22, 40)))).toEqual({ offsets: [22, 23, 24], end: 25 });
    tracks.advance(0, 25);
    expect(tracks.isPending(0)).toBe(false);
    expect(taken(tracks.take(batch(25, 40)))).toEqual({ kind: "known" });
    expect(taken(tracks.take(batch(0, 9, 1)))).toEqual({ kind: "known" });
  });

  test("advance over batches without records", () => {
    const tracks = trackSpans("t", new Map([[0, { start: 20, end: 25 }]]), ranges);
    expect(taken(tracks.take({ partition: 0, start: 20, end: 24, records: [] }))).toEqual({
      offsets: [],
      end: 24,
    });
  });

  test("go back if a fetch skipped existing records, and on if retention deleted them", () => {
    const tracks = trackSpans("t", new Map([[0, { start: 20, end: 40 }]]), ranges);
    expect(tracks.take(batch(30, 35))).toEqual({ kind: "moved", wanted: 20 });
    tracks.observe({ partition: 0, highWatermark: 100, lastStableOffset: 100, logStart: 30 });
    expect(taken(tracks.take(batch(30, 32)))).toEqual({ offsets: [30, 31], end: 32 });
    tracks.observe({ partition: 0, highWatermark: 100, lastStableOffset: 100, logStart: 40 });
    expect(tracks.pending()).toEqual([]);
  });

  test("that end within an open transaction are read up to it", () => {
    const tracks = trackSpans("t", new Map([[1, { start: 40, end: 51 }]]), ranges);
    tracks.observe({ partition: 1, highWatermark: 51, lastStableOffset: 50, logStart: 0 });
    expect(tracks.pending()).toEqual([{ partition: 1, position: 40 }]);
    tracks.advance(1, 50);
    tracks.observe({ partition: 1, highWatermark: 51, lastStableOffset: 50, logStart: 0 });
    expect(tracks.pending()).toEqual([]);
  });

  test("end before an open transaction", () => {
    const tracks = trackSpans("t", new Map([[0, { start: 20, end: 40 }]]), ranges);
    const logEnds = { partition: 0, highWatermark: 100, lastStableOffset: 30, logStart: 10 };
    tracks.observe(logEnds);
    expect(tracks.isPending(0)).toBe(true);
    tracks.advance(0, 30);
    // Right after a leader change the watermarks may lag for a moment.
    tracks.observe({ ...logEnds, highWatermark: 25, lastStableOffset: 25 });
    expect(tracks.isPending(0)).toBe(true);
    tracks.observe(logEnds);
    expect(tracks.isPending(0)).toBe(false);
  });

  test("of a truncated log are an error that names the offsets", () => {
    const tracks = trackSpans("t", new Map([[0, { start: 20, end: 40 }]]), ranges);
    tracks.advance(0, 30);
    tracks.observe({ partition: 0, highWatermark: 5, lastStableOffset: 5, logStart: 0 });
    expect(() => tracks.take(batch(0, 5))).toThrow(
      'topic "t", partition 0: offsets 30 to 40 should be read, but its log ends at 5',
    );
    expect(tracks.stalled(60_000, null).message).toBe(
      'topic "t": nothing could be read for 60 s: partition 0 at offset 30 of 40 (its log ends at 5)',
    );
    expect(tracks.stalled(60_000, "the broker is down").message).toBe(
      'topic "t": nothing could be read for 60 s: the broker is down',
    );
  });

  test("skip records deleted meanwhile, and fail if the log was truncated before them", () => {
    const tracks = trackSpans("t", new Map([[0, { start: 30, end: 40 }]]), ranges);
    tracks.outOfRange(0, { logStart: 35, logEnd: 100 });
    expect(tracks.pending()).toEqual([{ partition: 0, position: 35 }]);
    expect(() => tracks.outOfRange(0, { logStart: 0, logEnd: 20 })).toThrow(
      'topic "t", partition 0: offsets 35 to 40 should be read, but its log ends at 20',
    );
    tracks.outOfRange(0, { logStart: 90, logEnd: 100 });
    expect(tracks.pending()).toEqual([]);
  });
});
