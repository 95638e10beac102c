import { describe, expect, test } from "bun:test";
import { parseRewindOrder, parseRewindTarget, planRewind } from "../../../../lib/rules/offsets/rewind.ts";

describe("where to", () => {
  test.each([
    ["earliest", { kind: "earliest" }],
    ["latest", { kind: "latest" }],
    ["-2h", { kind: "ago", ms: 7_200_000 }],
    ["2026-11-28T10:00:00Z", { kind: "time", atMs: Date.UTC(2026, 10, 28, 10) }],
    ["17", { kind: "offset", offset: 17 }],
    [17, { kind: "offset", offset: 17 }],
    [
      '{"0":17,"3":0}',
      {
        kind: "offsets",
        offsets: new Map([
          [0, 17],
          [3, 0],
        ]),
      },
    ],
    [{ 0: 17 }, { kind: "offsets", offsets: new Map([[0, 17]]) }],
  ])("%j", (given, target) => expect(parseRewindTarget(given)).toEqual(target as never));

  test.each([
    ["yesterday"],
    [""],
    [-1],
    [1.5],
    [null],
    [undefined],
    [{}],
    [{ a: 1 }],
    ['{"00":17,"0":3}'],
    [{ 0: -1 }],
    [{ 0: null }],
    ["{"],
    [[1]],
    [true],
  ])("not %j", (given) =>
    expect(() => parseRewindTarget(given)).toThrow(/^to .* is neither earliest, latest, a time/),
  );
});

const standings = [
  { partition: 0, start: 10, end: 100, committed: 90 },
  { partition: 1, start: 0, end: 50, committed: null },
];
const none = new Map<number, number>();
const moves = (...given: Parameters<typeof planRewind>) =>
  planRewind(...given).map(({ partition, from, to, records }) => [partition, from, to, records]);

describe("the plan of a rewind", () => {
  test("refuses a partition beside offsets of others", () => {
    const offsets = new Map([[0, 17]]);
    expect(() => moves("t", { kind: "offsets", offsets }, 1, standings, none)).toThrow(
      "partition 1 is not among those with an offset: 0",
    );
    expect(moves("t", { kind: "offsets", offsets }, 0, standings, none)).toEqual([[0, 90, 17, 73]]);
  });

  test("says for each partition where it goes, and how many records that is", () => {
    expect(moves("t", { kind: "earliest" }, null, standings, none)).toEqual([
      [0, 90, 10, 80],
      [1, 0, 0, 0],
    ]);
    expect(moves("t", { kind: "latest" }, null, standings, none)).toEqual([
      [0, 90, 100, 10],
      [1, 0, 50, 50],
    ]);
    const atTime = new Map([
      [0, 40],
      // A record in an open transaction.
      [1, 51],
    ]);
    expect(moves("t", { kind: "ago", ms: 1 }, null, standings, atTime)).toEqual([
      [0, 90, 40, 50],
      [1, 0, 50, 50],
    ]);
  });

  test("partitions that are not named stay", () => {
    const offsets = new Map([[1, 7]]);
    expect(moves("t", { kind: "offsets", offsets }, null, standings, none)).toEqual([
      [0, 90, 90, 0],
      [1, 0, 7, 7],
    ]);
    expect(moves("t", { kind: "offset", offset: 12 }, 0, standings, none)).toEqual([[0, 90, 12, 78]]);
  });

  test("a position that retention has overtaken moves to what is there", () => {
    const late = [{ partition: 0, start: 10, end: 100, committed: 4 }];
    expect(moves("t", { kind: "earliest" }, null, late, none)).toEqual([[0, 4, 10, 6]]);
  });

  test.each([
    [
      { kind: "offset", offset: 9 },
      0,
      'offset 9 of topic "t", partition 0, is not in Kafka: it has 10 to 100',
    ],
    [{ kind: "offset", offset: 101 }, 0, "offset 101 of topic"],
    [{ kind: "offset", offset: 20 }, null, "has 2 partitions: name one"],
    [{ kind: "offset", offset: 20 }, 2, "has no partition 2: it has 2, from 0 to 1"],
    [{ kind: "offsets", offsets: new Map([[5, 0]]) }, null, "has no partition 5"],
  ] as const)("%j of %p: refused", (target, only, reason) =>
    expect(() => planRewind("t", target, only, standings, none)).toThrow(reason),
  );
});

test("an order is read as it was written; anything else is none", () => {
  const order = { id: "x", by: "me", at: "2026-11-30T12:00:00.000Z", from: 3, done: false };
  expect(parseRewindOrder(JSON.stringify(order))).toEqual(order);
  for (const text of ["", "{", "[]", "{}", JSON.stringify({ ...order, from: "3" })])
    expect(parseRewindOrder(text)).toBeNull();
});
