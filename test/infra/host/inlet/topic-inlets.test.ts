import { expect, test } from "bun:test";
import { createByteBudget } from "../../../../infra/host/shares/byte-budget.ts";
import { DecodeTurns } from "../../../../infra/host/shares/decode-turns.ts";
import type { PumpedRecords } from "../../../../infra/host/ledger/partition-entry.ts";
import { createTopicInlets } from "../../../../infra/host/inlet/topic-inlets.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import type { FetchedPart, PartitionSink, Reader } from "../../../../lib/adapters/kafka/reader/reader.ts";
import type { LostRange, Position } from "../../../../lib/rules/offsets/position.ts";
import { flush } from "../../../support/fake-time.ts";
import { idlePump } from "../../../support/idle-inlets.ts";
import { sourceRecord } from "../../../support/records.ts";
import { fakedTime } from "../pump/pump-world.ts";
import { lookedUpAt, nothingSent } from "../../../support/looked-up.ts";

/** Inlets of one topic between a reader and a pump that keep what they are told. */
function setUp({ log = { logStart: 0, logEnd: 100 }, maxBytes = 1e6 } = {}) {
  const told: string[] = [];
  const lost: LostRange[] = [];
  const sinks = new Map<number, PartitionSink>();
  const taken: PumpedRecords[] = [];
  const broken: unknown[] = [];
  const gate = { mayTake: true };
  const next = new Map<Tenure, number>();
  const reader: Pick<Reader, "open"> = {
    open(_topic, partition, offset, sink) {
      told.push(`open ${partition} at ${offset}`);
      sinks.set(partition, sink);
      return {
        next: (to) => void told.push(`next ${partition}: ${to}`),
        seek: (to) => void told.push(`seek ${partition}: ${to}`),
        wake: () => void told.push(`wake ${partition}`),
        close: () => void told.push(`close ${partition}`),
        heardAtMs: null,
      };
    },
  };
  const budget = createByteBudget({ maxBytes, readAhead: maxBytes });
  const pump = idlePump({
    own(partitions) {
      for (const { tenure, position } of partitions) next.set(tenure, position.start);
    },
    mayTake: () => gate.mayTake,
    take(tenure, records) {
      if (next.get(tenure) !== records.start) return false;
      next.set(tenure, records.end);
      taken.push(records);
      return true;
    },
    nextOf: (tenure) => next.get(tenure) ?? null,
    moveTo(tenure, start) {
      told.push(`move to ${start}`);
      next.set(tenure, start);
    },
  });
  /** Decodes two records at a time. */
  const decoder = {
    open({ fetchOffset, records }: FetchedPart) {
      let position = fetchOffset;
      const end = fetchOffset + records.byteLength;
      return {
        get position() {
          return position;
        },
        get expectedBytes() {
          return end - position;
        },
        decodeNext() {
          const start = position;
          if (start === end) return Promise.resolve(null);
          position = Math.min(end, start + 2);
          const offsets = Array.from({ length: position - start }, (_, n) => start + n);
          const decoded = offsets.map((offset) => sourceRecord("x", { offset, timestamp: 1_000 + offset }));
          return Promise.resolve({ records: decoded, start, end: position, bytes: decoded.length });
        },
      };
    },
  };
  let share = budget.join(() => {});
  const inlets = createTopicInlets({
    reader,
    lookUp: nothingSent,
    decoder,
    budget,
    turns: new DecodeTurns(),
    createPump(given) {
      share = given;
      return pump;
    },
    logOf: () => Promise.resolve(log),
    time: fakedTime,
    onLost: (ranges) => void lost.push(...ranges),
    onGone() {},
    broken: (error) => void broken.push(error),
  });
  const own = (partition: number, position: Partial<Position> = {}, committed: number | null = 0): Tenure => {
    const tenure = new Tenure("app", partition);
    inlets.own([lookedUpAt(tenure, committed, { start: 0, ...position })]);
    return tenure;
  };
  const fetched = async (partition: number, fetchOffset: number, count: number): Promise<void> => {
    const position = { partition, highWatermark: 100, lastStableOffset: 100, logStart: 0 };
    sinks.get(partition)?.onFetched({ fetchOffset, records: { byteLength: count }, aborted: [], position });
    await flush();
  };
  const ends = (): number[][] => taken.map(({ start, end }) => [start, end]);
  return { inlets, told, lost, sinks, taken, broken, gate, own, fetched, ends, share: () => share, budget };
}

test("what was fetched is decoded in pieces, and the next fetch follows the last one", async () => {
  const { own, fetched, ends, told, sinks } = setUp();
  own(0, { start: 5 }, 5);
  expect(sinks.get(0)?.room()).toBe(64 * 1024);
  await fetched(0, 5, 5);
  expect(ends()).toEqual([
    [5, 7],
    [7, 9],
    [9, 10],
  ]);
  expect(told).toEqual(["open 0 at 5", "next 0: 10"]);
});

test("where the topic takes nothing, nothing is fetched, and it is woken when that is over", async () => {
  const { own, gate, sinks, share, told, fetched, ends } = setUp();
  own(0);
  own(1);
  gate.mayTake = false;
  expect(sinks.get(0)?.room()).toBe(0);
  // Fetched before.
  await fetched(1, 0, 2);
  expect(ends()).toEqual([]);
  gate.mayTake = true;
  share().announce();
  await flush();
  expect(ends()).toEqual([[0, 2]]);
  expect(told.slice(2)).toEqual(["wake 0", "next 1: 2"]);
});

test("without memory nothing is fetched or decoded until some is given back", async () => {
  const { own, sinks, share, told, fetched, ends } = setUp({ maxBytes: 1_000 });
  own(0);
  share().hold(1_000);
  expect(sinks.get(0)?.room()).toBe(0);
  await fetched(0, 0, 1);
  expect(ends()).toEqual([]);
  share().give(1_000);
  await flush();
  expect(ends()).toEqual([[0, 1]]);
  expect(told.at(-1)).toBe("next 0: 1");
});

test("read from the record before its position, that record is not handed on", async () => {
  const { own, fetched, ends, told, lost } = setUp();
  own(0, { start: 5, check: { offset: 4, timestamp: 1_004 } }, 5);
  await fetched(0, 4, 3);
  expect({ ends: ends(), lost, told }).toEqual({
    ends: [
      [5, 6],
      [6, 7],
    ],
    lost: [],
    told: ["open 0 at 4", "next 0: 7"],
  });
});

test("where another record stands there, the log is another one: it is read from its start, and that is told", async () => {
  const { own, fetched, ends, told, lost } = setUp();
  own(0, { start: 5, check: { offset: 4, timestamp: 99 } }, 5);
  await fetched(0, 4, 3);
  expect(lost).toEqual([{ partition: 0, from: 5, to: null, cause: "recreated" }]);
  expect({ ends: ends(), told }).toEqual({ ends: [], told: ["open 0 at 4", "move to 0", "seek 0: 0"] });
  await fetched(0, 0, 2);
  expect(ends()).toEqual([[0, 2]]);
});

test.each([
  ["deleted", { logStart: 20, logEnd: 30 }, { from: 10, to: 20, cause: "retention" }, 20],
  ["cut off or made anew", { logStart: 0, logEnd: 3 }, { from: 10, to: null, cause: "recreated" }, 0],
])(
  "what is out of range was %s: that is told, and reading goes on with what is there",
  async (_what, log, range, start) => {
    const { own, sinks, lost, told } = setUp({ log });
    own(0, { start: 10 }, 10);
    sinks.get(0)?.onOutOfRange(10);
    await flush();
    expect(lost).toEqual([{ partition: 0, ...range } as LostRange]);
    expect(told.slice(1)).toEqual([`move to ${start}`, `seek 0: ${start}`]);
  },
);

test("nothing is handed on of what is not ours any more, and its memory is given back", async () => {
  const { own, inlets, sinks, told, ends, gate, budget, share } = setUp();
  const tenure = own(0);
  const sink = sinks.get(0);
  gate.mayTake = false;
  sink?.onFetched({
    fetchOffset: 0,
    records: { byteLength: 500 },
    aborted: [],
    position: { partition: 0, highWatermark: 1, lastStableOffset: 1, logStart: 0 },
  });
  await flush();
  inlets.disown([tenure]);
  gate.mayTake = true;
  share().announce();
  await flush();
  expect({ ends: ends(), told, used: budget.usedBytes, room: sink?.room() }).toEqual({
    ends: [],
    told: ["open 0 at 0", "close 0"],
    used: 0,
    room: 0,
  });
  // The same partition, under another tenure, is not closed with the first.
  own(0);
  inlets.disown([tenure]);
  expect(told.at(-1)).toBe("open 0 at 0");
});
