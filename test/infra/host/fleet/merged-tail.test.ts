import { expect, test } from "bun:test";
import type { TailLine } from "../../../../infra/api/logs.ts";
import { createMergedTail } from "../../../../infra/host/fleet/merged-tail.ts";

const linesOf = (count: number): TailLine[] =>
  Array.from({ length: count }, (_, offset) => ({
    topic: "t",
    partition: 0,
    offset,
    timestamp: null,
    outcome: "indexed" as const,
    text: "line",
    cut: false,
    bytes: 4,
  }));

function setUp() {
  const events: { event: string; data: unknown }[] = [];
  const state = { accepts: true, nowMs: 0 };
  const tail = createMergedTail(
    (event, data) => {
      if (state.accepts) events.push({ event, data });
      return state.accepts;
    },
    () => state.nowMs,
  );
  return { tail, events, state };
}

test("partitions of all hosts are shown together; a host that fails is named until it answers", () => {
  const { tail, events } = setUp();
  tail.hello("", { topics: { t: { owned: [2], partitions: 3 } } });
  tail.hello("two", { topics: { t: { owned: [0], partitions: 3 } } });
  tail.missing("two", "nothing listens there");
  tail.hello("two", { topics: { t: { owned: [0, 1], partitions: 3 } } });
  tail.gone("two");
  expect(events.map(({ data }) => data)).toEqual([
    { topics: { t: { owned: [2], partitions: 3 } }, missing: [] },
    { topics: { t: { owned: [0, 2], partitions: 3 } }, missing: [] },
    {
      topics: { t: { owned: [2], partitions: 3 } },
      missing: [{ host: "two", reason: "nothing listens there" }],
    },
    { topics: { t: { owned: [0, 1, 2], partitions: 3 } }, missing: [] },
    { topics: { t: { owned: [2], partitions: 3 } }, missing: [] },
  ]);
});

test("hosts share the limit of lines per second; all matches are sent or counted", () => {
  const { tail, events, state } = setUp();
  tail.lines("", { lines: linesOf(150), sent: 150, notShown: 5 });
  tail.lines("two", { lines: linesOf(150), sent: 150, notShown: 7 });
  expect(events[0]?.data).toMatchObject({ sent: 150, notShown: 5 });
  expect(events[1]?.data).toMatchObject({ sent: 200, notShown: 5 + 7 + 100 });
  state.nowMs = 1_000;
  // A stream that was opened again counts from zero.
  tail.lines("two", { lines: linesOf(10), sent: 10, notShown: 2 });
  expect(events[2]?.data).toMatchObject({ sent: 210, notShown: 114 });
  state.accepts = false;
  tail.lines("two", { lines: linesOf(10), sent: 20, notShown: 2 });
  state.accepts = true;
  tail.lines("two", { lines: linesOf(1), sent: 21, notShown: 2 });
  expect(events[3]?.data).toMatchObject({ sent: 211, notShown: 124 });
});
