import { describe, expect, test } from "bun:test";
import { PartitionLedger } from "../../../../infra/host/ledger/partition-ledger.ts";
import type { PumpedPartition, PumpedRecords } from "../../../../infra/host/ledger/partition-entry.ts";
import { ProgressClock } from "../../../../infra/host/ledger/progress-clock.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import { OutcomeMemory } from "../../../../lib/rules/outcomes/outcome-memory.ts";
import type { SourceRecord } from "../../../../lib/rules/model/record.ts";
import { sourceRecord } from "../../../support/records.ts";
import { lookedUpAt } from "../../../support/looked-up.ts";

const NOW = 1_000;

/** A ledger, and what its partitions are owned by now. */
function createWorld() {
  const ledger = new PartitionLedger(new ProgressClock(), new OutcomeMemory());
  const tenures = new Map<number, Tenure>();
  const tenureOf = (partition: number): Tenure => {
    const tenure = tenures.get(partition);
    if (tenure === undefined) throw new Error(`partition ${partition} was never owned`);
    return tenure;
  };
  return {
    ledger,
    tenureOf,
    own(
      partition: number,
      committed: number | null,
      more: Partial<PumpedPartition["position"]> = {},
      now = NOW,
    ): Tenure {
      const tenure = new Tenure("t", partition);
      tenures.set(partition, tenure);
      const source = { seek() {}, letGo() {}, heardAtMs: null };
      ledger.own({ ...lookedUpAt(tenure, committed, more), source }, now);
      return tenure;
    },
    expect: (partition: number, read: PumpedRecords) => ledger.expect(tenureOf(partition), read),
    /** As one attempt does that hears of these outcomes. */
    settle(records: readonly SourceRecord[], offsets: readonly number[]): void {
      const { chunk, windows } = ledger.send(records);
      ledger.resolve(
        chunk.filter(({ offset }) => offsets.includes(offset)),
        windows,
      );
    },
    uncommitted: () =>
      Object.fromEntries(ledger.uncommitted("app").map(({ tenure, offset }) => [tenure.partition, offset])),
    commit: (partition: number, offset: number, now = 2_000) =>
      ledger.markCommitted({ tenure: tenureOf(partition), offset, last: null }, now),
  };
}

function read(
  partition: number,
  offsets: readonly number[],
  end = (offsets.at(-1) ?? -1) + 1,
  start = offsets[0] ?? end,
) {
  return { records: offsets.map((offset) => sourceRecord("m", { partition, offset })), start, end };
}

describe("what may be committed", () => {
  test("is the contiguous prefix of each partition, as long as it is not committed yet", () => {
    const world = createWorld();
    world.own(0, 5);
    world.own(1, 0);
    expect(world.uncommitted()).toEqual({});
    const [zero, one] = [read(0, [5, 6, 7]), read(1, [0, 1])];
    expect([world.expect(0, zero), world.expect(1, one)]).toEqual([true, true]);
    expect(world.ledger.pending).toBe(5);
    world.settle(zero.records, [6]);
    world.settle(one.records, [0]);
    expect(world.uncommitted()).toEqual({ 1: 1 });
    world.settle(zero.records, [5]);
    expect(world.uncommitted()).toEqual({ 0: 7, 1: 1 });
    world.commit(0, 7);
    expect(world.uncommitted()).toEqual({ 1: 1 });
    expect(world.ledger.uncommitted("app", [world.tenureOf(0)])).toEqual([]);
  });

  test("includes spans without records", () => {
    const world = createWorld();
    world.own(0, 5);
    world.expect(0, read(0, [], 9, 5));
    expect(world.uncommitted()).toEqual({ 0: 9 });
  });

  test("of a partition without a commit is nothing before a record of it has its outcome", () => {
    const world = createWorld();
    world.own(0, null, { start: 100 });
    expect(world.uncommitted()).toEqual({});
    const batch = read(0, [100, 101]);
    world.expect(0, batch);
    expect(world.uncommitted()).toEqual({});
    world.settle(batch.records, [100]);
    expect(world.uncommitted()).toEqual({ 0: 101 });
  });

  test("is where reading begins, further or back, where that is elsewhere than the group stands", () => {
    const world = createWorld();
    world.own(0, 5, { start: 12 });
    world.own(1, 500, { start: 0 });
    expect(world.uncommitted()).toEqual({ 0: 12, 1: 0 });
    const batch = read(0, [12, 13]);
    world.expect(0, batch);
    world.settle(batch.records, [12]);
    expect(world.uncommitted()).toEqual({ 0: 13, 1: 0 });
  });

  test("names the last record before it: the one the commit told, then the one passed", () => {
    const world = createWorld();
    const last = { offset: 4, timestamp: 7 };
    world.own(0, 5, { start: 6, check: last });
    expect(world.ledger.uncommitted("app")).toMatchObject([{ offset: 6, last }]);
    const batch = read(0, [6, 7]);
    world.expect(0, batch);
    world.settle(batch.records, [6]);
    const timestamp = batch.records[0]?.timestamp ?? NaN;
    expect(world.ledger.uncommitted("app")).toMatchObject([{ offset: 7, last: { offset: 6, timestamp } }]);
  });

  test("is nothing of a tenure that is over, though nobody said so here yet", () => {
    const world = createWorld();
    const tenure = world.own(0, 5, { start: 12 });
    tenure.end();
    expect(world.uncommitted()).toEqual({});
  });
});

describe("a tenure that is over", () => {
  test("voids what was expected: its outcomes, records and commits count for nothing in the next", () => {
    const world = createWorld();
    const before = world.own(0, 0);
    const batch = read(0, [0, 1]);
    world.expect(0, batch);
    const { windows } = world.ledger.send(batch.records);
    world.own(0, 0);
    expect(world.ledger.pending).toBe(0);
    world.ledger.resolve(batch.records, windows);
    world.ledger.markCommitted({ tenure: before, offset: 9, last: null }, 3_000);
    expect(world.ledger.expect(before, batch)).toBe(false);
    expect(world.uncommitted()).toEqual({});
    expect(world.ledger.status(null)).toMatchObject([{ committed: 0, progressAt: NOW }]);
  });

  test("leaves what had an outcome behind one that had none: it is not sent again", () => {
    const world = createWorld();
    world.own(0, 0);
    const batch = read(0, [0, 1, 2, 3]);
    world.expect(0, batch);
    world.settle(batch.records, [1, 3]);
    world.own(0, 0);
    world.expect(0, batch);
    const { chunk, windows } = world.ledger.send(batch.records);
    expect(chunk.map(({ offset }) => offset)).toEqual([0, 2]);
    world.ledger.rewind();
    world.expect(0, batch);
    expect(world.ledger.send(batch.records).chunk.map(({ offset }) => offset)).toEqual([0, 2]);
    // What the first attempt heard after reading was moved back is known when it is sent once more.
    world.ledger.resolve(chunk.slice(0, 1), windows);
    world.ledger.rewind();
    world.expect(0, batch);
    expect(world.ledger.send(batch.records).chunk.map(({ offset }) => offset)).toEqual([2]);
    expect(world.uncommitted()).toEqual({ 0: 2 });
  });

  test("leaves the others as they are, and nothing of its own", () => {
    const world = createWorld();
    const gone = world.own(0, 0);
    world.own(1, 0);
    const [zero, one] = [read(0, [0]), read(1, [0])];
    world.expect(0, zero);
    world.expect(1, one);
    expect(world.ledger.disown(gone)).toBe(false);
    expect(world.ledger.disown(gone)).toBe(false);
    expect(world.ledger.pending).toBe(1);
    world.settle(one.records, [0]);
    expect(world.uncommitted()).toEqual({ 1: 1 });
    expect(world.ledger.positions()).toEqual(new Map([[1, 0]]));
  });

  test("is about to be: it takes nothing more, and may commit what it has", () => {
    const world = createWorld();
    const tenure = world.own(0, 0);
    const batch = read(0, [0]);
    world.expect(0, batch);
    world.ledger.leave(tenure);
    expect(world.expect(0, read(0, [1]))).toBe(false);
    world.settle(batch.records, [0]);
    expect(world.uncommitted()).toEqual({ 0: 1 });
  });
});

test("whether everything that was sent is committed is known across tenures, and asked of what is ours alone", () => {
  const world = createWorld();
  world.own(0, 0);
  world.own(1, 0);
  const batch = read(0, [0, 1]);
  world.expect(0, batch);
  expect(world.ledger.sentIsCommitted).toBe(true);
  world.ledger.send(batch.records);
  expect(world.ledger.sentIsCommitted).toBe(false);
  expect(world.ledger.disown(world.tenureOf(0))).toBe(true);
  // What another member reads is that member's.
  expect(world.ledger.sentIsCommitted).toBe(true);
  world.own(0, 1);
  expect(world.ledger.sentIsCommitted).toBe(false);
  world.commit(0, 2);
  expect(world.ledger.sentIsCommitted).toBe(true);
});

test("what was sent of a log before the one there is now needs no commit", () => {
  const world = createWorld();
  world.own(0, 50);
  const batch = read(0, [50, 51]);
  world.expect(0, batch);
  world.ledger.send(batch.records);
  world.own(0, null);
  expect(world.ledger.sentIsCommitted).toBe(true);
});

describe("moved back", () => {
  test("it expects what has no outcome again, and refuses what was fetched before", () => {
    const world = createWorld();
    world.own(0, 0);
    const batch = read(0, [0, 1, 2]);
    world.expect(0, batch);
    world.settle(batch.records, [0, 2]);
    expect(world.ledger.rewind().map(({ tenure, window }) => [tenure.partition, window.end])).toEqual([
      [0, 1],
    ]);
    expect(world.ledger.pending).toBe(0);
    expect(world.expect(0, read(0, [3, 4]))).toBe(false);
    expect(world.expect(0, read(0, [1, 2]))).toBe(true);
    expect(world.expect(0, read(0, [7]))).toBe(false);
    expect(world.uncommitted()).toEqual({ 0: 1 });
  });

  test("where nothing waits for an outcome it goes on where it stands", () => {
    const world = createWorld();
    world.own(0, 0);
    world.own(1, null);
    const batch = read(0, [0]);
    world.expect(0, batch);
    world.settle(batch.records, [0]);
    expect(world.ledger.rewind()).toEqual([]);
    expect([world.expect(0, read(0, [1, 2])), world.expect(1, read(1, [0]))]).toEqual([true, true]);
  });
});

describe("moved to where the log begins", () => {
  test("further on, what is not there needs no outcome; what was read before it does", () => {
    const world = createWorld();
    const tenure = world.own(0, 0);
    const batch = read(0, [0, 1]);
    world.expect(0, batch);
    world.ledger.moveTo(tenure, 10);
    expect(world.uncommitted()).toEqual({});
    world.settle(batch.records, [0, 1]);
    expect(world.uncommitted()).toEqual({ 0: 10 });
    expect(world.expect(0, read(0, [10]))).toBe(true);
  });

  test("further back, nothing of the log before counts", () => {
    const world = createWorld();
    const tenure = world.own(0, 50);
    const batch = read(0, [50, 51]);
    world.expect(0, batch);
    const { windows } = world.ledger.send(batch.records);
    world.ledger.moveTo(tenure, 0);
    expect(world.uncommitted()).toEqual({ 0: 0 });
    world.ledger.resolve(batch.records, windows);
    expect(world.uncommitted()).toEqual({ 0: 0 });
    expect({ pending: world.ledger.pending, done: world.expect(0, read(0, [0])) }).toEqual({
      pending: 0,
      done: true,
    });
  });
});

test.each([
  ["behind: it was moved on", read(0, [0, 1, 2])],
  ["ahead: it was moved back", read(0, [200, 201])],
])(
  "what does not follow what was taken before (%s) is refused, and acknowledges nothing",
  (_what, strange) => {
    const world = createWorld();
    world.own(0, 100);
    expect(world.expect(0, strange)).toBe(false);
    expect({ pending: world.ledger.pending, uncommitted: world.uncommitted() }).toEqual({
      pending: 0,
      uncommitted: {},
    });
  },
);

describe("records without a timestamp", () => {
  const timeless = (offset: number, partition = 0) => sourceRecord("m", { offset, partition, timestamp: -1 });
  const take = (world: ReturnType<typeof createWorld>, partition: number, records: SourceRecord[]) => {
    const start = records[0]?.offset ?? 0;
    expect(world.expect(partition, { records, start, end: start + records.length })).toBe(true);
    const stood = world.ledger.withStandIns(world.tenureOf(partition), records, 9_000);
    return stood.map(({ standIn }) => standIn?.nearestMs);
  };

  test("go by the record before them: of the batch, of those read before, of the commit", () => {
    const world = createWorld();
    world.own(0, 5, { check: { offset: 4, timestamp: 1_000 } });
    world.own(1, 0);
    const dated = sourceRecord("m", { offset: 6, timestamp: 2_000 });
    expect(take(world, 0, [timeless(5), dated, timeless(7)])).toEqual([1_000, undefined, 2_000]);
    expect(take(world, 0, [timeless(8)])).toEqual([2_000]);
    expect(take(world, 1, [timeless(0, 1)])).toEqual([null]);
  });

  test("go by the last one that was settled, where reading is moved back", () => {
    const world = createWorld();
    world.own(0, 0);
    const dated = [0, 1, 2].map((offset) => sourceRecord("m", { offset, timestamp: offset }));
    take(world, 0, dated);
    world.settle(dated, [0]);
    world.ledger.rewind();
    expect(take(world, 0, [timeless(1)])).toEqual([0]);
  });
});

describe("lag", () => {
  const position = { partition: 0, highWatermark: 20, lastStableOffset: 15, logStart: 3 };

  test("is last stable offset minus committed, as of when it was told", () => {
    const world = createWorld();
    world.own(0, 5);
    expect(world.ledger.status(null)).toMatchObject([
      { committed: 5, highWatermark: null, lag: null, lagAt: null },
    ]);
    world.ledger.observe(position, 1_500);
    world.ledger.observe({ ...position, partition: 9 }, 1_500);
    expect(world.ledger.status(null)).toMatchObject([{ highWatermark: 20, lag: 10, lagAt: 1_500 }]);
    world.commit(0, 15);
    expect(world.ledger.status(null)).toMatchObject([{ committed: 15, lag: 0, progressAt: 2_000 }]);
  });

  test("is what there is to read where nothing was committed", () => {
    const world = createWorld();
    world.own(0, null);
    world.ledger.observe(position, 1_500);
    expect(world.ledger.status(null)).toMatchObject([{ committed: null, lag: 12 }]);
  });

  test("is measured from when it came up, not from the last commit of an idle topic", () => {
    const world = createWorld();
    world.own(0, 15);
    world.ledger.observe(position, 1_500);
    world.ledger.observe({ ...position, lastStableOffset: 16 }, 90_000);
    expect(world.ledger.status(null)).toMatchObject([{ lag: 1, progressAt: 90_000 }]);
    world.ledger.observe({ ...position, lastStableOffset: 17 }, 95_000);
    expect(world.ledger.status(null)).toMatchObject([{ lag: 2, progressAt: 90_000 }]);
  });

  test("tells the age of the oldest record that waits, also once it was let go of", () => {
    const world = createWorld();
    world.own(0, 5);
    const oldest = () => world.ledger.status(null)[0]?.oldestUnreadAt;
    world.ledger.observe(position, 1_500);
    expect(oldest()).toBeNull();
    const records = [5, 6].map((offset) => sourceRecord("m", { offset, timestamp: offset * 100 }));
    world.expect(0, { records, start: 5, end: 7 });
    expect(oldest()).toBe(500);
    world.settle(records, [5]);
    expect(oldest()).toBe(600);
    world.ledger.rewind();
    expect(oldest()).toBe(600);
    world.commit(0, 15);
    expect(oldest()).toBeNull();
  });

  test("is listed by partition, those of other members without a number", () => {
    const world = createWorld();
    world.own(2, 0);
    world.own(0, 0);
    const told = world.ledger
      .status(4)
      .map(({ partition, owned, committed }) => [partition, owned, committed]);
    expect(told).toEqual([
      [0, true, 0],
      [1, false, null],
      [2, true, 0],
      [3, false, null],
    ]);
  });
});
