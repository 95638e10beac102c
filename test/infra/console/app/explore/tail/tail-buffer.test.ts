import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  chunkOf,
  chunksOf,
  emptyTail,
  keptLines,
  linesIn,
  partlyOwned,
  paused,
  resumed,
  type TailBuffer,
  withHello,
  withLines,
} from "../../../../../../infra/console/app/explore/tail/tail-buffer.ts";
import type { TailLine } from "../../../../../../infra/api/logs.ts";

const line = (offset: number): TailLine => ({
  topic: "a",
  partition: 0,
  offset,
  timestamp: null,
  outcome: "indexed",
  text: "",
  cut: false,
  bytes: 0,
});
const linesOf = (from: number, count: number) => Array.from({ length: count }, (_, n) => line(from + n));
const offsets = (tail: TailBuffer) => tail.entries.map(({ line }) => line?.offset ?? "gap");

test("while paused what is on the page stays the very same; resuming catches up, in order", () => {
  const before = withLines(emptyTail, { lines: linesOf(0, 2), sent: 2, notShown: 0 });
  const held = withLines(paused(before), { lines: linesOf(2, 2), sent: 4, notShown: 7 });
  expect(held.entries).toBe(before.entries);
  expect(linesIn(held.held)).toBe(2);
  expect(offsets(resumed(held))).toEqual([0, 1, 2, 3]);
  expect(resumed(held)).toMatchObject({ paused: false, held: [], shown: 4, overLimit: 7 });
});

test("shown, held, dropped and not shown are together all that matched, whatever happens; keys never repeat", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ lines: fc.nat({ max: 700 }), notShown: fc.nat({ max: 50 }), fresh: fc.constant(false) }),
      fc.record({ lines: fc.integer({ min: 1, max: 50 }), notShown: fc.constant(0), fresh: fc.boolean() }),
      fc.constantFrom("pause" as const, "resume" as const),
    ),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(steps, (script) => {
      let tail = emptyTail;
      let stream = { sent: 0, notShown: 0 };
      const all = { sent: 0, notShown: 0 };
      for (const step of script) {
        if (step === "pause") tail = paused(tail);
        else if (step === "resume") tail = resumed(tail);
        else {
          if (step.fresh) stream = { sent: 0, notShown: 0 };
          stream = { sent: stream.sent + step.lines, notShown: stream.notShown + step.notShown };
          tail = withLines(tail, { lines: linesOf(all.sent, step.lines), ...stream });
          all.sent += step.lines;
          all.notShown += step.notShown;
        }
        expect(tail.shown + linesIn(tail.held) + tail.dropped).toBe(all.sent);
        expect(tail.overLimit).toBe(all.notShown);
        expect(tail.entries.length).toBeLessThanOrEqual(keptLines);
        expect(tail.held.length).toBeLessThanOrEqual(keptLines);
        const keys = [...tail.entries, ...tail.held].map(({ key }) => key);
        expect(keys).toEqual([...new Set(keys)].toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 40 },
  );
});

test("the newest lines are kept", () => {
  const tail = withLines(withLines(emptyTail, { lines: linesOf(0, 900), sent: 900, notShown: 0 }), {
    lines: linesOf(900, 300),
    sent: 1_200,
    notShown: 0,
  });
  expect(offsets(tail).slice(0, 1)).toEqual([300]);
  expect(tail.entries.length).toBe(900);
  expect(tail.shown).toBe(1_200);
});

test("a stream that was opened again counts anew, and the gap is marked", () => {
  const before = withLines(emptyTail, { lines: linesOf(0, 2), sent: 2, notShown: 5 });
  const again = withLines(before, { lines: linesOf(9, 1), sent: 1, notShown: 3 });
  expect(offsets(again)).toEqual([0, 1, "gap", 9]);
  expect(again).toMatchObject({ shown: 3, overLimit: 8 });
});

test("it is said where other hosts hold partitions", () => {
  const tail = withHello(emptyTail, {
    topics: {
      all: { owned: [0, 1], partitions: 2 },
      some: { owned: [0, 2], partitions: 4 },
      one: { owned: [3], partitions: 4 },
      none: { owned: [], partitions: 4 },
      unread: { owned: [], partitions: 0 },
    },
  });
  expect(partlyOwned(tail)).toEqual([
    ["some", "Of its 4 partitions, 0, 2 are shown."],
    ["one", "Of its 4 partitions, 3 is shown."],
    ["none", "None of its 4 partitions is shown."],
    ["unread", "No host shows it now."],
  ]);
});

test("parts keep their lines while others come and go", () => {
  const first = withLines(emptyTail, { lines: linesOf(0, 860), sent: 860, notShown: 0 });
  const then = withLines(first, { lines: linesOf(860, 60), sent: 920, notShown: 0 });
  const [before, after] = [chunksOf(first.entries), chunksOf(then.entries)];
  expect(before.map((part) => part.length)).toEqual([...Array.from({ length: 17 }, () => 50), 10]);
  expect(after.map((part) => part.length)).toEqual([30, ...Array.from({ length: 17 }, () => 50), 20]);
  expect(after.map(([entry]) => chunkOf(entry))).toEqual(Array.from({ length: 19 }, (_, n) => n));
  expect(after.slice(1, 17)).toEqual(before.slice(1, 17) as never);
});
