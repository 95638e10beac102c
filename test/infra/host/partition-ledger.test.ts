import { describe, expect, test } from "bun:test";
import { PartitionLedger } from "../../../infra/host/partition-ledger.ts";
import type { Assignment } from "../../../lib/adapters/kafka/assignment.ts";
import type { FetchedBatch } from "../../../lib/adapters/kafka/fetched-batch.ts";
import { sourceRecord } from "../../support/records.ts";
import { partitionStatus } from "../../support/topic-status.ts";

function assignment(committed: Record<number, number | null>, generation = 1): Assignment {
  const entries = Object.entries(committed).map(
    ([partition, offset]) => [Number(partition), offset] as const,
  );
  const partitions = entries.map(([partition]) => partition);
  return {
    generation,
    partitions,
    committed: new Map(entries),
    starts: new Map(),
    checkpoints: new Map(),
    seek() {},
    commit: () => Promise.resolve(),
  };
}

function batch(
  partition: number,
  offsets: readonly number[],
  end = (offsets.at(-1) ?? -1) + 1,
  start = offsets[0] ?? end,
): FetchedBatch {
  const records = offsets.map((offset) => sourceRecord("m", { partition, offset }));
  return { partition, records, start, end };
}

function assigned(committed: Record<number, number | null>): PartitionLedger {
  const ledger = new PartitionLedger();
  ledger.assign(assignment(committed), 1000);
  return ledger;
}

describe("records without a timestamp", () => {
  const timeless = (offset: number) => sourceRecord("m", { offset, timestamp: -1 });
  const take = (ledger: PartitionLedger, one: FetchedBatch): (number | null | undefined)[] => {
    ledger.expect(one);
    return ledger.withStandIns(one, 9_000).map(({ standIn }) => standIn?.nearestMs);
  };

  test("go by the record before them: of the batch, of those read before, of the commit", () => {
    const ledger = new PartitionLedger();
    const checkpoints = new Map([[0, { offset: 4, timestamp: 1_000 }]]);
    ledger.assign({ ...assignment({ 0: 5, 1: 0 }), checkpoints }, 1_000);
    const dated = sourceRecord("m", { offset: 6, timestamp: 2_000 });
    const one = { partition: 0, records: [timeless(5), dated, timeless(7)], start: 5, end: 8 };
    expect(take(ledger, one)).toEqual([1_000, undefined, 2_000]);
    expect(take(ledger, { partition: 0, records: [timeless(8)], start: 8, end: 9 })).toEqual([2_000]);
    const other = { ...timeless(0), partition: 1 };
    expect(take(ledger, { partition: 1, records: [other], start: 0, end: 1 })).toEqual([null]);
  });

  test("go by the last one that was settled, where reading is moved back", () => {
    const ledger = assigned({ 0: 0 });
    const dated = [0, 1, 2].map((offset) => sourceRecord("m", { offset, timestamp: offset }));
    take(ledger, { partition: 0, records: dated, start: 0, end: 3 });
    ledger.resolve([{ partition: 0, offset: 0 }]);
    ledger.rewind();
    expect(take(ledger, { partition: 0, records: [timeless(1)], start: 1, end: 2 })).toEqual([0]);
  });
});

describe("what may be committed", () => {
  test("is the contiguous prefix of each partition, as long as it is not committed yet", () => {
    const ledger = assigned({ 0: 5, 1: 0 });
    expect(ledger.uncommitted()).toEqual(new Map());
    ledger.expect(batch(0, [5, 6, 7]));
    ledger.expect(batch(1, [0, 1]));
    ledger.resolve([{ partition: 0, offset: 6 }]);
    ledger.resolve([{ partition: 1, offset: 0 }]);
    expect(ledger.uncommitted()).toEqual(new Map([[1, 1]]));
    ledger.resolve([{ partition: 0, offset: 5 }]);
    expect(ledger.uncommitted()).toEqual(
      new Map([
        [0, 7],
        [1, 1],
      ]),
    );
    ledger.markCommitted(1, new Map([[0, 7]]), 2000);
    expect(ledger.uncommitted()).toEqual(new Map([[1, 1]]));
  });

  test("includes spans without records", () => {
    const ledger = assigned({ 0: 5 });
    ledger.expect(batch(0, [], 9, 5));
    expect(ledger.uncommitted()).toEqual(new Map([[0, 9]]));
  });

  test("of a partition without a commit begins after a rebalance where it began before", () => {
    const ledger = assigned({ 0: null });
    ledger.expect(batch(0, [0, 1]));
    ledger.assign(assignment({ 0: null }, 2), 2000);
    // Fetched for the old assignment, it arrives under the new one.
    expect(() => ledger.expect(batch(0, [2, 3]))).toThrow("read at offset 2, not at 0");
    expect(ledger.uncommitted()).toEqual(new Map());
  });

  test("of a partition without a commit begins where its first fetch begins", () => {
    const ledger = assigned({ 0: null, 1: null });
    expect(ledger.uncommitted()).toEqual(new Map());
    ledger.expect(batch(0, [100, 101]));
    ledger.expect(batch(1, [], 50));
    expect(ledger.uncommitted()).toEqual(new Map());
    ledger.resolve([{ partition: 0, offset: 100 }]);
    expect(ledger.uncommitted()).toEqual(new Map([[0, 101]]));
  });
});

describe("another assignment", () => {
  test("voids what was expected: outcomes from before do not count", () => {
    const ledger = assigned({ 0: 0 });
    ledger.expect(batch(0, [0, 1]));
    ledger.resolve([{ partition: 0, offset: 0 }]);
    ledger.assign(assignment({ 0: 0 }, 2), 2000);
    expect(ledger.generation).toBe(2);
    expect(ledger.uncommitted()).toEqual(new Map());
    ledger.expect(batch(0, [0, 1]));
    expect(ledger.uncommitted()).toEqual(new Map());
  });

  test("knows what had an outcome behind one that had none: it is not sent again", () => {
    const ledger = assigned({ 0: 0 });
    const read = batch(0, [0, 1, 2, 3]);
    ledger.expect(read);
    ledger.resolve([1, 3].map((offset) => ({ partition: 0, offset })));
    ledger.assign(assignment({ 0: 0 }, 2), 2000);
    ledger.expect(read);
    expect(ledger.send(read.records).map(({ offset }) => offset)).toEqual([0, 2]);
    ledger.rewind();
    ledger.expect(read);
    expect(ledger.send(read.records).map(({ offset }) => offset)).toEqual([0, 2]);
    ledger.resolve([{ partition: 0, offset: 0 }]);
    expect(ledger.uncommitted()).toEqual(new Map([[0, 2]]));
  });

  test("ignores a commit of the one before", () => {
    const ledger = assigned({ 0: 0 });
    ledger.assign(assignment({ 0: 0 }, 2), 2000);
    ledger.markCommitted(1, new Map([[0, 9]]), 3000);
    expect(ledger.status()).toMatchObject([{ committed: 0, progressAt: 1000 }]);
  });

  test("forgets the partitions that went to somebody else", () => {
    const ledger = assigned({ 0: 0, 1: 0 });
    ledger.assign(assignment({ 1: 0 }, 2), 2000);
    expect(ledger.status().map(({ partition }) => partition)).toEqual([1]);
    expect(ledger.expect(batch(0, [0]))).toBe(false);
    expect(ledger.expect(batch(1, [0]))).toBe(true);
  });
});

describe("lag", () => {
  const position = { partition: 0, highWatermark: 20, lastStableOffset: 15, logStart: 3 };

  test("is the last stable offset minus the committed, and not known before the first fetch", () => {
    const ledger = assigned({ 0: 5 });
    expect(ledger.status()).toEqual([
      partitionStatus({ committed: 5, highWatermark: null, lag: null, progressAt: 1000 }),
    ]);
    ledger.observe([position, { ...position, partition: 9 }], 1500);
    expect(ledger.status()).toMatchObject([{ highWatermark: 20, lag: 10, lagAt: 1500 }]);
    ledger.markCommitted(1, new Map([[0, 15]]), 2000);
    expect(ledger.status()).toMatchObject([{ committed: 15, lag: 0, progressAt: 2000 }]);
  });

  test("is what there is to read where nothing was committed", () => {
    const ledger = assigned({ 0: null });
    ledger.observe([position], 1500);
    expect(ledger.status()).toMatchObject([{ committed: null, lag: 12 }]);
  });

  test("is measured from when it came up, not from the last commit of an idle topic", () => {
    const ledger = assigned({ 0: 15 });
    ledger.observe([position], 1500);
    ledger.observe([{ ...position, lastStableOffset: 16 }], 90_000);
    expect(ledger.status()).toMatchObject([{ lag: 1, progressAt: 90_000 }]);
    ledger.observe([{ ...position, lastStableOffset: 17 }], 95_000);
    expect(ledger.status()).toMatchObject([{ lag: 2, progressAt: 90_000 }]);
  });

  test("keeps its number and its time where a rebalance gives the partition back", () => {
    const ledger = assigned({ 0: 5 });
    ledger.observe([position], 1500);
    ledger.assign(assignment({ 0: 5 }, 2), 9000);
    expect(ledger.status()).toMatchObject([{ lag: 10, lagAt: 1500 }]);
  });

  test("tells the age of the oldest record that waits, also once it was let go of", () => {
    const ledger = assigned({ 0: 5 });
    const oldest = () => ledger.status()[0]?.oldestUnreadAt;
    ledger.observe([position], 1500);
    expect(oldest()).toBeNull();
    const records = [5, 6].map((offset) => sourceRecord("m", { offset, timestamp: offset * 100 }));
    ledger.expect({ partition: 0, records, start: 5, end: 7 });
    expect(oldest()).toBe(500);
    ledger.resolve([{ partition: 0, offset: 5 }]);
    expect(oldest()).toBe(600);
    ledger.rewind();
    expect(oldest()).toBe(600);
    ledger.markCommitted(1, new Map([[0, 6]]), 2000);
    ledger.assign(assignment({ 0: 6 }, 2), 3000);
    expect(oldest()).toBe(600);
    // Somebody else read on meanwhile: that one waits no longer, and of the next nothing is known.
    ledger.assign(assignment({ 0: 7 }, 3), 4000);
    expect(oldest()).toBeNull();
    ledger.markCommitted(3, new Map([[0, 15]]), 5000);
    expect(oldest()).toBeNull();
  });

  test("is listed by partition", () => {
    expect(
      assigned({ 2: 0, 0: 0, 1: 0 })
        .status()
        .map(({ partition }) => partition),
    ).toEqual([0, 1, 2]);
  });
});

describe("a batch that does not follow the one before", () => {
  test.each([
    ["behind: the position was moved back", batch(0, [0, 1, 2])],
    ["ahead: it belongs to an older assignment, or the position was moved on", batch(0, [200, 201])],
  ])("is refused (%s), and acknowledges nothing", (_what, strange) => {
    const ledger = assigned({ 0: 100 });
    expect(() => ledger.expect(strange)).toThrow(`not at 100`);
    expect(ledger.uncommitted()).toEqual(new Map());
  });
});

describe("a partition that is read on elsewhere than where its group stands", () => {
  test("commits where that is, whether or not anything is read", () => {
    const ledger = new PartitionLedger();
    ledger.assign({ ...assignment({ 0: 5, 1: 9 }), starts: new Map([[0, 12]]) }, 1000);
    expect(ledger.uncommitted()).toEqual(new Map([[0, 12]]));
    ledger.expect(batch(0, [12, 13]));
    expect(ledger.uncommitted()).toEqual(new Map([[0, 12]]));
    ledger.resolve([{ partition: 0, offset: 12 }]);
    expect(ledger.uncommitted()).toEqual(new Map([[0, 13]]));
  });

  test("may go back", () => {
    const ledger = new PartitionLedger();
    ledger.assign({ ...assignment({ 0: 500 }), starts: new Map([[0, 0]]) }, 1000);
    expect(ledger.uncommitted()).toEqual(new Map([[0, 0]]));
  });
});

test("tells the last record before what may be committed: the one given with the assignment, then the one passed", () => {
  const ledger = new PartitionLedger();
  const checkpoint = { offset: 4, timestamp: 7 };
  ledger.assign({ ...assignment({ 0: 5, 1: 0 }), checkpoints: new Map([[0, checkpoint]]) }, 1000);
  expect(ledger.checkpoints()).toEqual(new Map([[0, checkpoint]]));
  const fetched = batch(0, [5, 6]);
  ledger.expect(fetched);
  ledger.resolve([{ partition: 0, offset: 5 }]);
  expect(ledger.checkpoints().get(0)).toEqual({ offset: 5, timestamp: fetched.records[0]?.timestamp ?? NaN });
});

describe("moved back", () => {
  test("it expects what has no outcome again, and ignores what was fetched before", () => {
    const ledger = assigned({ 0: 0 });
    ledger.expect(batch(0, [0, 1, 2]));
    ledger.resolve([{ partition: 0, offset: 0 }]);
    ledger.resolve([{ partition: 0, offset: 2 }]);
    expect(ledger.rewind()).toEqual(new Map([[0, 1]]));
    expect(ledger.expect(batch(0, [3, 4]))).toBe(false);
    expect(ledger.expect(batch(0, [1, 2]))).toBe(true);
    expect(() => ledger.expect(batch(0, [7]))).toThrow("read at offset 7, not at 3");
    expect(ledger.uncommitted()).toEqual(new Map([[0, 1]]));
  });

  test("where nothing waits for an outcome, or nothing was read yet, it goes on where it stands", () => {
    const ledger = assigned({ 0: 0, 1: null, 2: 0 });
    ledger.expect(batch(0, [0]));
    ledger.resolve([{ partition: 0, offset: 0 }]);
    expect(ledger.rewind()).toEqual(new Map());
    expect(ledger.expect(batch(0, [1, 2]))).toBe(true);
    expect(ledger.expect(batch(0, [3]))).toBe(true);
    const next = [batch(0, [3]), batch(0, [4]), batch(1, [7]), batch(2, [0]), batch(2, [1]), batch(9, [0])];
    expect(next.map((one) => ledger.isNext(one))).toEqual([false, true, true, true, false, false]);
  });
});

test("knows whether everything that was sent is committed, across generations", () => {
  const ledger = assigned({ 0: 0, 1: 0 });
  const sent = batch(0, [0, 1]);
  ledger.expect(sent);
  expect(ledger.sentIsCommitted).toBe(true);
  ledger.send(sent.records);
  expect(ledger.sentIsCommitted).toBe(false);
  ledger.assign(assignment({ 0: 1, 1: 0 }, 2), 2000);
  expect(ledger.sentIsCommitted).toBe(false);
  ledger.markCommitted(2, new Map([[0, 2]]), 3000);
  expect(ledger.sentIsCommitted).toBe(true);
  ledger.send(batch(1, [5]).records);
  // What another member reads is that member's.
  ledger.assign(assignment({ 0: 2 }, 3), 4000);
  expect(ledger.sentIsCommitted).toBe(true);
});
