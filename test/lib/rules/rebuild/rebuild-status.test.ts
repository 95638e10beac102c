import { describe, expect, test } from "bun:test";
import {
  progressText,
  type RebuildKnowledge,
  rebuildStatusOf,
} from "../../../../lib/rules/rebuild/rebuild-status.ts";
import { rebuildOrder as order, rebuildPosition as position } from "../../../support/rebuilds.ts";

const counts = { indexed: 5_000, duplicate: 10, deadLettered: 2, skipped: 1 };

/** Two partitions of 10,000 records; half of the first is done. */
function known(changes: Partial<RebuildKnowledge> = {}): RebuildKnowledge {
  return {
    positions: new Map([
      [0, position({ partition: 0, next: 5_000, counts })],
      [1, position({ partition: 1, start: 100, next: 100 })],
    ]),
    log: new Map([
      [0, { start: 0, end: 10_000 }],
      [1, { start: 100, end: 10_100 }],
    ]),
    uuid: "u2",
    live: "app-1",
    held: null,
    rate: 1_000,
    ...changes,
  };
}
const stateOf = (changes: Partial<RebuildKnowledge>, ordered = order) => {
  const { state, reason } = rebuildStatusOf(ordered, known(changes));
  return [state, reason];
};
const read = (next: number) =>
  new Map([
    [0, position({ partition: 0, next })],
    [1, position({ partition: 1, start: 100, next: 10_100 })],
  ]);

test("progress counts from where the log began for the rebuild, over all partitions", () => {
  const status = rebuildStatusOf(order, known());
  expect(status).toMatchObject({ done: 5_000, total: 20_000, percent: 25, secondsLeft: 15, counts });
  expect(progressText(status)).toBe("25 % of 20,000 records");
  expect(status.partitions).toEqual([
    { partition: 0, start: 0, next: 5_000, end: 10_000 },
    { partition: 1, start: 100, next: 100, end: 10_100 },
  ]);
});

test("an unknown end of the log makes the progress unknown, not wrong", () => {
  const log = new Map([[0, { start: 0, end: null }]]);
  const status = rebuildStatusOf(order, known({ log }));
  expect(status).toMatchObject({ done: 5_000, total: null, percent: null, secondsLeft: null });
  expect(progressText(status)).toBe("unknown");
});

test("an empty topic is done", () => {
  const log = new Map([[0, { start: 0, end: 0 }]]);
  const positions = new Map([[0, position()]]);
  const status = rebuildStatusOf(order, known({ log, positions }));
  expect(status).toMatchObject({ percent: 100, state: "caught up" });
});

describe("the state", () => {
  test("is running until little is left, then caught up", () => {
    expect(stateOf({})).toEqual(["running", null]);
    expect(stateOf({ rate: 0, positions: read(7_999) })).toEqual(["running", null]);
    expect(stateOf({ rate: 0, positions: read(8_000) })).toEqual(["caught up", null]);
  });

  test("is caught up also with a busy topic, of which there is always a lot left", () => {
    expect(stateOf({ rate: 400, positions: read(6_000) })).toEqual(["caught up", null]);
    expect(stateOf({ rate: 399, positions: read(6_000) })).toEqual(["running", null]);
    expect(stateOf({ rate: null, positions: read(6_000) })).toEqual(["running", null]);
  });

  test("is not caught up before everything was read once, however little it is", () => {
    const positions = read(9_990).set(0, position({ next: 9_990, reached: false }));
    expect(stateOf({ positions })).toEqual(["running", null]);
  });

  test("is not caught up while a partition was not begun, however small", () => {
    const log = new Map([
      [0, { start: 0, end: 5_000 }],
      [1, { start: 0, end: 1 }],
    ]);
    const positions = new Map([[0, position({ next: 5_000 })]]);
    const why = "1 of 2 partitions were not begun: no host reads them yet";
    expect(stateOf({ log, positions })).toEqual(["running", why]);
  });

  test("is swapped once the new index is the live one", () => {
    expect(stateOf({ live: "app-2", positions: read(10_000) })).toEqual(["swapped", null]);
    expect(stateOf({ live: null, positions: read(10_000) })).toEqual(["caught up", null]);
  });

  test("is paused by an order, or with the topic, and says why only if nobody ordered it", () => {
    expect(stateOf({}, { ...order, paused: true })).toEqual(["paused", null]);
    expect(stateOf({ held: "the topic is held: by bob" })).toEqual(["paused", "the topic is held: by bob"]);
  });

  test("is failed if the new index is not the one that it began with, but not if nobody knows", () => {
    const again = "cancel this rebuild and begin another";
    expect(stateOf({ uuid: null })).toEqual([
      "failed",
      `index "app-2" was deleted while it was rebuilt: ${again}`,
    ]);
    expect(stateOf({ uuid: "u3" })).toEqual([
      "failed",
      `index "app-2" was deleted and created again while it was rebuilt: ${again}`,
    ]);
    expect(stateOf({ uuid: undefined })).toEqual(["running", null]);
  });

  test("names what keeps a partition from going on", () => {
    const positions = read(4_000).set(
      0,
      position({ next: 4_000, reached: false, trouble: "Elasticsearch is away" }),
    );
    expect(stateOf({ positions })).toEqual(["running", "Elasticsearch is away"]);
  });
});
