import { expect, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom, integer, record as recordOf } from "fast-check";
import { simulatedDecoder } from "./decoder.ts";
import { PartitionLog } from "./log.ts";
import { rounds } from "../../support/rounds.ts";

const RECORD = { timestamp: 1, key: null, value: Buffer.from("v"), headers: [] };

interface Step {
  readonly act: "plain" | "write" | "commit" | "abort" | "compact" | "expire";
  readonly producerId: number;
  readonly count: number;
}

/** Writes everything. @returns the offsets of records outside aborted and open transactions */
function write(log: PartitionLog, steps: readonly Step[]): readonly number[] {
  const open = new Map<number, readonly number[]>();
  const good: number[] = [];
  for (const { act, producerId, count } of steps) {
    const written = Array.from({ length: count }, (_, at) => log.end + at);
    const records = written.map(() => RECORD);
    const stable = log.stableBelow(log.end);
    if (act === "plain") {
      log.append(records);
      good.push(...written);
    } else if (act === "write") {
      log.append(records, producerId);
      open.set(producerId, [...(open.get(producerId) ?? []), ...written]);
    } else if (act === "compact") {
      const taken = log.start + count;
      log.compact(
        stable,
        (offset) => offset !== taken,
        () => producerId === 1,
      );
    } else if (act === "expire") log.deleteBefore(Math.min(log.start + count, stable));
    else if (open.has(producerId)) {
      if (act === "commit") good.push(...(open.get(producerId) ?? []));
      open.delete(producerId);
      log.endTransaction(producerId, act);
    }
  }
  return good;
}

/** All offsets that a consumer reads from the log's start, fetch by fetch. */
async function consume(log: PartitionLog, maxBytes: number): Promise<readonly number[]> {
  const offsets: number[] = [];
  const stable = log.stableBelow(log.end);
  for (let fetchOffset = log.start; ;) {
    const { records, aborted } = log.read(fetchOffset, stable, maxBytes, true);
    if (records === null) return offsets;
    const position = { partition: 0, highWatermark: log.end, lastStableOffset: stable, logStart: log.start };
    const part = simulatedDecoder.open({ fetchOffset, records, aborted, position });
    for (let piece = await part.decodeNext(100); piece !== null; piece = await part.decodeNext(100))
      offsets.push(...piece.records.map(({ offset }) => offset));
    fetchOffset = part.position;
  }
}

test("a consumer gets each committed record below the last stable offset once, in order, however it fetches", async () => {
  const step = recordOf<Step>({
    act: constantFrom("plain", "write", "commit", "abort", "compact", "expire"),
    producerId: integer({ min: 1, max: 2 }),
    count: integer({ min: 1, max: 3 }),
  });
  await assert(
    asyncProperty(
      array(step, { maxLength: 60, size: "max" }),
      integer({ min: 1, max: 3_000 }),
      async (steps, maxBytes) => {
        const log = new PartitionLog(0);
        const good = write(log, steps);
        const stable = log.stableBelow(log.end);
        const held = new Set(log.batches.flatMap(({ records }) => records.map(({ offset }) => offset)));
        const expected = good.filter((offset) => offset >= log.start && offset < stable && held.has(offset));
        expect(await consume(log, maxBytes)).toEqual(expected.sort((a, b) => a - b));
      },
    ),
    { numRuns: rounds(500, 60) },
  );
});
