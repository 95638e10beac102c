import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import type { AttemptResult } from "../../../../infra/host/pump/sending-deps.ts";
import type { SourceRecord } from "../../../../lib/rules/model/record.ts";
import { sourceRecord } from "../../../support/records.ts";
import { advance, flush } from "../../../support/fake-time.ts";
import { allIndexed, createPumpWorld, type ReadBatch } from "./pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

interface Told {
  readonly offsets: readonly number[];
  /** The offsets that are to be looked up first; null: none. */
  readonly doubtful: readonly number[] | null;
  readonly isSettled: boolean;
  answer(result: AttemptResult): void;
}

/** A pump whose target is a data stream, with attempts that are answered by hand. */
function setUp(changes: Parameters<typeof createPumpWorld>[0] = {}) {
  const told: Told[] = [];
  const world = createPumpWorld({
    before: { mayMove: true, place: "logs" },
    ingest(records, { doubt }) {
      const { promise, resolve } = Promise.withResolvers<AttemptResult>();
      const offsetsOf = (some: readonly SourceRecord[]) => some.map(({ offset }) => offset);
      told.push({
        offsets: offsetsOf(records),
        doubtful: doubt === null ? null : offsetsOf(records.filter((record) => doubt.covers(record))),
        isSettled: doubt?.isSettled ?? false,
        answer: resolve,
      });
      return promise;
    },
    ...changes,
  });
  return { ...world, told };
}

function read(partition: number, offsets: readonly number[]): ReadBatch {
  const records = offsets.map((offset) => sourceRecord("m", { partition, offset }));
  return { partition, records, start: offsets[0] ?? 0, end: (offsets.at(-1) ?? -1) + 1 };
}

const indexed = (count: number): AttemptResult => ({ outcomes: allIndexed(count), retry: null });
const inVain = (count: number, unsure: "maybe_sent" | "not_looked_up" | null): AttemptResult => ({
  outcomes: Array.from({ length: count }, () => null),
  retry: { code: "timeout", message: "no answer" },
  unsure,
});

test("records below what may have been sent before are looked up first, the others are not", async () => {
  const { own, accept, told } = setUp();
  own(1, { 0: 5 }, { 0: 7 });
  await accept(read(0, [5, 6, 7, 8]));
  expect(told).toMatchObject([{ offsets: [5, 6, 7, 8], doubtful: [5, 6], isSettled: true }]);
  told[0]?.answer(indexed(4));
  await advance(1_000);
  await accept(read(0, [9]));
  expect(told[1]).toMatchObject({ offsets: [9], doubtful: null });
});

test("after an attempt without an answer its records are looked up, once nothing of it can still arrive", async () => {
  const { own, accept, told } = setUp();
  own(1, { 0: 0 });
  await accept(read(0, [0, 1]));
  expect(told[0]?.doubtful).toBeNull();
  told[0]?.answer(inVain(2, "maybe_sent"));
  await advance(1_000);
  expect(told[1]).toMatchObject({ offsets: [0, 1], doubtful: [0, 1], isSettled: false });
  // The look-up failed: the doubt stays as it was.
  told[1]?.answer(inVain(2, "not_looked_up"));
  await advance(2_000);
  expect(told[2]).toMatchObject({ doubtful: [0, 1], isSettled: false });
  // Looked up, sent and refused: nothing of it is there.
  told[2]?.answer(inVain(2, null));
  await advance(4_000);
  expect(told[3]).toMatchObject({ offsets: [0, 1], doubtful: null });
});

test("into a concrete index nothing is looked up: a repeated id meets its document", async () => {
  const { own, accept, told } = setUp({ before: { mayMove: false, place: "app" } });
  own(1, { 0: 0 });
  await accept(read(0, [0]));
  told[0]?.answer(inVain(1, "maybe_sent"));
  await advance(1_000);
  expect(told[1]?.doubtful).toBeNull();
});

test("the doubt outlives the attempt: records that were dropped and are read again are looked up", async () => {
  const { own, accept, told, sought } = setUp();
  own(1, { 0: 0 });
  await accept(read(0, [0, 1]));
  for (let at = 0; sought.length === 0 && at < 40; at += 1) {
    told[at]?.answer(inVain(2, "maybe_sent"));
    await advance(11_000);
  }
  expect(sought).toEqual([[0, 0]]);
  told.at(-1)?.answer(inVain(2, "maybe_sent"));
  await advance(1_000);
  const before = told.length;
  await accept(read(0, [0, 1]));
  await advance(1_000);
  expect(told[before]).toMatchObject({ offsets: [0, 1], doubtful: [0, 1] });
});

test("an answer that never came counts for the partition's next tenure, too", async () => {
  const { own, disown, accept, told } = setUp();
  own(1, { 0: 0 });
  await accept(read(0, [0, 1]));
  disown(0);
  // Looked up before the request of the former tenure ended, so that it saw nothing.
  own(2, { 0: 0 });
  const again = accept(read(0, [0, 1]));
  await flush();
  expect(told).toHaveLength(1);
  told[0]?.answer(inVain(2, "maybe_sent"));
  await advance(1_000);
  await again;
  await flush();
  expect(told[1]).toMatchObject({ offsets: [0, 1], doubtful: [0, 1], isSettled: false });
});

test("an answer that never came counts for the next tenure only if its look-up had begun", async () => {
  for (const isLookedUp of [true, false]) {
    const { own, disown, accept, pump, tenures, told } = setUp();
    own(1, { 0: 0 });
    await accept(read(0, [0, 1]));
    const [tenure] = tenures(0);
    disown(0);
    if (isLookedUp && tenure !== undefined) pump.expect(tenure);
    told[0]?.answer(inVain(2, "maybe_sent"));
    await advance(1_000);
    own(2, { 0: 0 });
    await accept(read(0, [0, 1]));
    expect(told[1]?.doubtful).toEqual(isLookedUp ? [0, 1] : null);
  }
});

test("a log that was cut off is read again: what was sent of it is looked up, whatever is committed meanwhile", async () => {
  const { own, accept, pump, tenures, told, kafka } = setUp();
  own(1, { 0: 0 });
  await accept(read(0, [0, 1, 2]));
  const committing = Promise.withResolvers<void>();
  kafka.commit = () => committing.promise;
  told[0]?.answer(indexed(3));
  await advance(1_000);
  const [tenure] = tenures(0);
  if (tenure !== undefined) pump.moveTo(tenure, 0);
  // The commit of the former log is answered.
  committing.resolve();
  await advance(1_000);
  await accept(read(0, [0, 1]));
  expect(told[1]).toMatchObject({ offsets: [0, 1], doubtful: [0, 1], isSettled: false });
});

test("of an attempt, what is left is sent, although a partition whose records are done has moved away", async () => {
  const { own, disown, accept, told, unsent } = setUp();
  own(1, { 0: 0, 1: 0 });
  await Promise.all([accept(read(0, [0])), accept(read(1, [0]))]);
  expect(told[0]?.offsets).toEqual([0, 0]);
  told[0]?.answer({ outcomes: ["indexed", null], retry: { code: "other", message: "refused" } });
  await flush();
  disown(0);
  await advance(1_000);
  told[1]?.answer(indexed(1));
  await advance(1_000);
  expect(told).toHaveLength(2);
  expect(unsent).toEqual([]);
});

test("an attempt that waits for a place is not sent once a partition of it has moved away", async () => {
  const { own, disown, accept, gate, told, unsent } = setUp({ places: 1 });
  const leave = await gate.enter(new AbortController().signal);
  own(1, { 0: 0 });
  await accept(read(0, [0]));
  expect(told).toEqual([]);
  disown(0);
  leave();
  await advance(1_000);
  expect([told, unsent]).toEqual([[], []]);
});

test("commits say where records were sent to", async () => {
  const { own, accept, told, committedTo } = setUp();
  own(1, { 0: 0 });
  await accept(read(0, [0]));
  told[0]?.answer(indexed(1));
  await advance(1_000);
  expect(committedTo).toEqual(["logs"]);
});

test("commits name the former place too, as long as records beyond them may be there: the next host must look there", async () => {
  const { own, accept, told, committedTo } = setUp();
  own(1, { 0: 0 }, { 0: 3 }, "app-1");
  for (const offset of [0, 1, 2, 3]) {
    await accept(read(0, [offset]));
    told[offset]?.answer(indexed(1));
    await advance(2_000);
  }
  expect(committedTo).toEqual(["app-1,logs", "app-1,logs", "logs", "logs"]);
});

test("commits name the place of records without an answer, although the alias has been moved since", async () => {
  const before = { mayMove: true, place: "app-1" };
  const { own, accept, told, committedTo } = setUp({ before });
  own(1, { 0: 0 });
  await accept(read(0, [0, 1]));
  told[0]?.answer({ ...inVain(2, "maybe_sent"), outcomes: ["indexed", null] });
  await flush();
  before.place = "app-2";
  await advance(50);
  expect(committedTo).toEqual(["app-1,app-2"]);
});
