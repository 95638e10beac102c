import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { advance, flush } from "../../../support/fake-time.ts";
import { batch, createPumpWorld } from "./pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

/** A pump whose records get no outcome for longer than a minute: what it holds and is asked to hold. */
async function stalledPump(options: Parameters<typeof createPumpWorld>[0] = {}) {
  let answers: "none" | "all" = "none";
  const sent: number[][] = [];
  const world = createPumpWorld({
    maxDocuments: 2,
    concurrency: 1,
    ...options,
    ingest: async (records) => {
      sent.push(records.map(({ offset }) => offset));
      return answers === "all"
        ? { outcomes: records.map(() => "indexed"), retry: null }
        : { outcomes: records.map(() => null), retry: { code: "server_error", message: "503" } };
    },
  });
  world.assign(1, { 0: 0 });
  await world.accept(batch([0, 1, 2, 3, 4]));
  return { ...world, sent, recover: () => (answers = "all") };
}

test("a topic whose index answers nothing until the time is over leaves half of the places to the others", async () => {
  let attempts = 0;
  const { pump, accept, gate, assign } = createPumpWorld({
    maxDocuments: 1,
    places: 4,
    ingest: () => {
      attempts += 1;
      const late = { outcomes: [null], retry: { code: "timeout", message: "late" } } as const;
      return attempts <= 4 ? Promise.resolve(late) : new Promise(() => {});
    },
  });
  assign(1, { 0: 0 });
  await accept(batch([0, 1, 2, 3]));
  await advance(1_000, 100);
  expect(attempts).toBe(6);
  const others = [await gate.enter(signal), await gate.enter(signal)];
  expect(others).toHaveLength(2);
  pump.close();
});

describe("a topic without an outcome for a minute", () => {
  test("lets go of what it holds and reads it again from the first record without an outcome", async () => {
    const { pump, budget, sought } = await stalledPump();
    await advance(55_000, 100);
    expect(budget.usedBytes).toBeGreaterThan(0);
    expect(sought).toEqual([]);
    await advance(20_000, 100);
    expect(budget.usedBytes).toBe(0);
    expect(sought).toEqual([[0, 0]]);
    expect(pump.trouble?.retry?.message).toBe("503");
  });

  test("then asks for little, and holds one batch at a time", async () => {
    const { pump, accept, sent, recover } = await stalledPump();
    await advance(75_000, 100);
    expect(pump.probing).toBe(true);
    await accept(batch([0, 1]));
    let accepted = false;
    const waiting = accept(batch([2, 3], { start: 2 })).then(() => (accepted = true));
    await advance(30_000, 100);
    expect(accepted).toBe(false);
    recover();
    await advance(11_000, 100);
    await waiting;
    await flush();
    expect(sent.at(-1)).toEqual([2, 3]);
  });

  test("takes no batch that was fetched before it let go", async () => {
    const { accept, log, failures } = await stalledPump();
    await advance(75_000, 100);
    await accept(batch([5, 6], { start: 5 }));
    expect(failures.broken).toEqual([]);
    expect(log.consumed).toBe(5);
  });

  test("commits no more than what has an outcome", async () => {
    const { accept, commits, recover } = await stalledPump();
    await advance(75_000, 100);
    expect(commits).toEqual([]);
    recover();
    await accept(batch([0, 1, 2, 3, 4]));
    await advance(2_000, 100);
    expect(commits.at(-1)?.offsets).toEqual({ 0: 5 });
  });

  test("lets go of nothing while it drains: what was sent must be heard of first", async () => {
    const { pump, budget, sought } = await stalledPump();
    const drained = pump.drain(signal);
    await advance(75_000, 100);
    expect({ sought, holds: budget.usedBytes > 0 }).toEqual({ sought: [], holds: true });
    pump.close();
    await drained.catch(() => {});
  });

  test("does not let go as long as some records get through", async () => {
    const world = createPumpWorld({ maxDocuments: 1, concurrency: 2 });
    world.assign(1, { 0: 0 });
    await world.accept(batch(Array.from({ length: 40 }, (_, n) => n)));
    for (let second = 0; second < 90; second += 1) {
      for (const attempt of world.attempts) {
        if (attempt.offsets[0] === 0) attempt.answer([null]);
        else if ((attempt.offsets[0] ?? 0) <= second / 3) attempt.indexed();
      }
      await advance(1_000, 100);
    }
    expect(world.sought).toEqual([]);
  });
});

describe("what gets no outcome is told of before it is a stall", () => {
  test("tried again: from the first time on, and since then, a rebalance in between included", async () => {
    const { pump, accept, assign } = await stalledPump();
    const since = Date.now();
    await advance(5_000, 100);
    expect(pump.trouble).toMatchObject({ sinceMs: since, retry: { message: "503" } });
    assign(2, { 0: 0 });
    await accept(batch([0]));
    expect(pump.trouble).toMatchObject({ sinceMs: since, retry: { message: "503" } });
  });

  test("tried at once, if somebody has just mended the cause", async () => {
    const { pump, sent, recover } = await stalledPump();
    await advance(30_000, 100);
    recover();
    const { length } = sent;
    await flush();
    expect(sent).toHaveLength(length);
    pump.tryNow();
    await flush();
    expect(sent[length]).toEqual([0, 1]);
    expect(pump.trouble).toBeNull();
  });

  test("not answered at all: after 10 s", async () => {
    const { pump, accept, attempts, assign } = createPumpWorld();
    assign(1, { 0: 0 });
    await accept(batch([0]));
    const since = Date.now();
    await advance(9_900, 100);
    expect(pump.trouble).toBeNull();
    await advance(100, 100);
    expect(pump.trouble).toEqual({ sinceMs: since, attempts: 0, retry: null });
    attempts[0]?.indexed();
    await flush();
    expect(pump.trouble).toBeNull();
  });
});
