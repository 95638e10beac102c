import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import type { SentAttempt } from "./pump-world.ts";
import { advance, flush } from "../../../support/fake-time.ts";
import { batch, createPumpWorld, createWellWorld, readOn, recordBytes, refusing } from "./pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

test("what was fetched and not taken is let go of with what stalls, and read again", async () => {
  const { accept, assign, sought, letGo, log } = createPumpWorld({
    maxBytes: 10 * recordBytes,
    ingest: (records) =>
      Promise.resolve({
        outcomes: records.map(() => null),
        retry: { code: "server_error", message: "503" },
      }),
  });
  assign(1, { 0: null, 1: null });
  await accept(batch([0, 1, 2, 3, 4]));
  await advance(80_000, 100);
  expect({ sought, letGo, consumed: log.consumed }).toEqual({ sought: [[0, 0]], letGo: [1], consumed: 5 });
});

test("what is read again is not sent while it is still under way, though a place comes free meanwhile", async () => {
  const { pump, accept, gate, assign, attempts } = await createWellWorld({ places: 2, maxDocuments: 1 });
  assign(1, { 0: 0 });
  const leave = await gate.enter(signal);
  await accept(batch([0, 1]));
  // The second one waits for the other topic's place.
  expect(attempts.map(({ offsets }) => offsets)).toEqual([[0]]);
  assign(2, { 0: 0 });
  void accept(batch([0, 1]));
  leave();
  await flush();
  expect(attempts).toHaveLength(1);
  attempts[0]?.indexed();
  await flush();
  expect(attempts.slice(1).map(({ offsets }: SentAttempt) => offsets)).toEqual([[1]]);
  pump.close();
});

test("where nothing but refused records is read at first, the rest gets its turn all the same, and tells", async () => {
  const letters: number[] = [];
  const world = createPumpWorld({
    maxDocuments: 1,
    ingest: async (records, { proven }) => {
      const result = refusing(records, ({ partition }) => partition > 0, proven);
      if (result.outcomes[0] === "dead-lettered") letters.push(records[0]?.partition ?? -1);
      return result;
    },
  });
  /** The last one to be read at first has records that are well. */
  const logs = [40, ...Array.from({ length: 20 }, () => 1)];
  world.assign(1, Object.fromEntries(logs.keys().map((partition) => [partition, 0])));
  const end = new AbortController();
  const reading = readOn(world, logs, end.signal, 1);
  await advance(600_000, 500);
  expect(letters.toSorted((a, b) => a - b)).toEqual([...logs.keys()].slice(1));
  expect(world.failures.broken).toEqual([]);
  world.pump.close();
  end.abort();
  await advance(2_000, 500);
  await reading;
});

test("a topic whose records got their outcomes after it let go of them is in no trouble", async () => {
  const answers: (() => void)[] = [];
  let isLate = false;
  const { pump, accept, assign, sought, commits } = createPumpWorld({
    maxDocuments: 1,
    ingest: (records, { number }) => {
      if (records[0]?.offset === 1 && (number > 3 || isLate))
        return new Promise((resolve) => {
          isLate = true;
          answers.push(() => resolve({ outcomes: ["indexed"], retry: null }));
        });
      return Promise.resolve({ outcomes: [null], retry: { code: "server_error", message: "503" } });
    },
  });
  assign(1, { 0: 1 });
  await accept(batch([1, 2]));
  await advance(80_000, 100);
  expect(sought).toEqual([[0, 1]]);
  for (const answer of answers) answer();
  await flush();
  expect({ trouble: pump.trouble, commits }).toEqual({ trouble: null, commits: [] });
  pump.close();
});
