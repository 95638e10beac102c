import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  entriesDue,
  holdEntries,
  type HoldEntry,
  holdOf,
  type HoldOrder,
  holdText,
  holdWords,
  knownOrders,
  maxBy,
  maxReason,
  notFollowing,
  parseHold,
} from "../../../../lib/rules/progress/hold.ts";

const order: HoldOrder = { held: true, by: "alice@ops", at: 1_000, reason: "reindexing" };
const released: HoldOrder = { ...order, held: false, at: 2_000 };
const entry = (changes: Partial<HoldEntry> = {}): HoldEntry => ({
  ...order,
  writtenAt: 1_000,
  taken: true,
  ...changes,
});
const stored = (topic: string, partition: number, one: HoldEntry) => ({
  topic,
  partition,
  metadata: holdText(one),
});
const hourMs = 3_600_000;

describe("an entry as metadata of a commit", () => {
  test("is read as it was written, and is never longer than Kafka takes", () => {
    const code = fc.oneof(fc.integer({ min: 0, max: 0x1f }), fc.integer({ min: 0, max: 0xffff }));
    const text = (most: number) =>
      fc.array(code, { maxLength: most, size: "max" }).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(text(maxBy), text(maxReason), fc.nat(), fc.boolean(), (by, reason, at, held) => {
        const one = entry({ by, reason, at, held });
        expect(parseHold(holdText(one))).toEqual(one);
        expect(Buffer.byteLength(holdText(one))).toBeLessThanOrEqual(4_096);
      }),
    );
  });

  test.each([
    "",
    "{",
    "7",
    "null",
    "[]",
    '{"held":true}',
    holdText(entry({ at: 9e15 })),
    '{"held":"yes","by":"a","at":1,"reason":null,"writtenAt":1,"taken":true}',
  ])("of somebody else is none: %s", (metadata) => expect(parseHold(metadata)).toBeNull());
});

test("the order of partition 0 counts, the latest one wins, and what Kafka forgot with its topic stays", () => {
  const first = knownOrders(
    new Map(),
    holdEntries([stored("a", 0, entry()), stored("a", 1, entry({ at: 5_000 })), stored("b", 1, entry())]),
  );
  expect([...first.keys()]).toEqual(["a"]);
  expect(first.get("a")).toMatchObject(order);
  const second = knownOrders(first, holdEntries([stored("a", 0, entry(released))]));
  expect(second.get("a")).toMatchObject(released);
  // A late confirmation of the order before.
  expect(knownOrders(second, holdEntries([stored("a", 0, entry())])).get("a")).toMatchObject(released);
  expect(knownOrders(first, new Map()).get("a")).toMatchObject(order);
});

test("an order is told before the declaration that holds the topic too", () => {
  const declared = { source: { kind: "etcd", name: "logs/a", revision: 3, entry: 2 } as const, sinceMs: 0 };
  expect(holdOf(null, null)).toBeNull();
  expect(holdOf(released, null)).toBeNull();
  expect(holdOf(order, declared)).toEqual({
    from: "order",
    by: "alice@ops",
    since: "1970-01-01T00:00:01.000Z",
    reason: "reindexing",
  });
  const hold = holdOf(released, declared);
  expect(hold).toMatchObject({ from: "declaration", by: 'entry 3 of etcd key "logs/a"', reason: null });
  expect(holdWords({ by: "bob", reason: null })).toBe("held by bob");
  expect(holdWords(order)).toBe("held by alice@ops: reindexing");
});

describe("the owner of partitions writes", () => {
  const due = (known: HoldOrder, entries: readonly (readonly [number, HoldEntry])[], now = 1_500) =>
    entriesDue(known, new Map(entries), [0, 2], now).map(({ partition, entry: one }) => [partition, one]);

  test("that it follows, once", () => {
    const confirmed = entry({ writtenAt: 1_500 });
    expect(due(order, [[0, entry({ taken: false })]])).toEqual([
      [0, confirmed],
      [2, confirmed],
    ]);
    expect(
      due(order, [
        [0, entry()],
        [2, entry()],
      ]),
    ).toEqual([]);
    expect(
      due(released, [
        [0, entry({ ...released, taken: false })],
        [2, entry()],
      ]).map(([partition]) => partition),
    ).toEqual([0, 2]);
  });

  test("the order again: a day after it was written, and once its topic is there again; an end needs no record for ever", () => {
    const all = [
      [0, entry()],
      [2, entry()],
    ] as const;
    expect(due(order, all, 1_000 + 24 * hourMs - 1)).toEqual([]);
    expect(due(order, all, 1_000 + 24 * hourMs)).toEqual([[0, entry({ writtenAt: 1_000 + 24 * hourMs })]]);
    expect(due(order, []).map(([partition]) => partition)).toEqual([0, 2]);
    expect(due(released, [])).toEqual([]);
    const over = entry({ ...released });
    expect(
      due(
        released,
        [
          [0, over],
          [2, over],
        ],
        1_000 + 240 * hourMs,
      ),
    ).toEqual([]);
  });
});

test("a partition follows once its owner confirmed this very order", () => {
  const entries = new Map([
    [0, entry()],
    [1, entry({ taken: false })],
    [2, entry({ at: 999 })],
  ]);
  expect(notFollowing(order, entries, 4)).toEqual([1, 2, 3]);
  expect(notFollowing(order, undefined, 1)).toEqual([0]);
});
