import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { advance, flush } from "../../../support/fake-time.ts";
import { batch, busy, createPumpWorld, createWellWorld, recordBytes } from "./pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

function within(ms: number): AbortSignal {
  const limit = new AbortController();
  setTimeout(() => limit.abort(new Error("late")), ms);
  return limit.signal;
}

describe("a rebalance", () => {
  test("lets nothing be sent again before late answers are there: what they tell is known under the new one", async () => {
    const { accept, attempts, commits, budget, assign } = await createWellWorld();
    assign(1, { 0: 0 });
    await accept(batch([0, 1]));
    assign(2, { 0: 0 });
    void accept(batch([0, 1]));
    await flush();
    expect(attempts).toHaveLength(1);
    attempts[0]?.answer(["indexed", null]);
    await advance(2_000);
    expect(attempts[1]?.offsets).toEqual([1]);
    expect(commits).toEqual([{ generation: 2, offsets: { 0: 1 } }]);
    expect(budget.usedBytes).toBe(recordBytes);
    attempts[1]?.indexed();
    await advance(2_000);
    expect(commits.at(-1)).toEqual({ generation: 2, offsets: { 0: 2 } });
    expect(budget.usedBytes).toBe(0);
  });

  test("ends retries of what is read again anyway, and gives its memory back", async () => {
    const { pump, accept, attempts, budget, assign } = createPumpWorld();
    assign(1, { 0: 0 });
    await accept(batch([0]));
    attempts[0]?.answer([null]);
    await flush();
    expect(pump.trouble?.retry?.message).toBe(busy.message);
    assign(2, { 0: 0 });
    expect(pump.trouble).toBeNull();
    await advance(20_000);
    expect(attempts).toHaveLength(1);
    expect(budget.usedBytes).toBe(0);
  });

  test("is not followed by the troubles of the generation before", async () => {
    const { pump, accept, attempts, log, assign } = createPumpWorld();
    assign(1, { 0: 0 });
    await accept(batch([0]));
    assign(2, { 0: 0 });
    attempts[0]?.answer([null]);
    await advance(1_000);
    expect(pump.trouble).toBeNull();
    expect(log.retried).toEqual([]);
  });

  test("drops what was not sent, and what still waits for memory", async () => {
    const { accept, attempts, budget, log, assign } = createPumpWorld({
      maxDocuments: 1,
      concurrency: 1,
      maxBytes: 100,
    });
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2]));
    const waiting = accept(batch([3]));
    await flush();
    expect(budget.usedBytes).toBe(3 * recordBytes);
    assign(2, { 0: 0 });
    attempts[0]?.indexed();
    await advance(1_000);
    await waiting;
    expect(budget.usedBytes).toBe(0);
    expect(log.consumed).toBe(3);
    expect(attempts).toHaveLength(1);
  });

  test("leaves a commit under way to the generation it belongs to", async () => {
    const { pump, accept, attempts, commits, kafka, assign } = createPumpWorld();
    const slow = Promise.withResolvers<void>();
    kafka.commit = () => slow.promise;
    assign(1, { 0: 0 });
    await accept(batch([0]));
    attempts[0]?.indexed();
    await advance(50);
    assign(2, { 0: 0 });
    slow.resolve();
    await advance(1_000);
    expect(commits).toEqual([{ generation: 1, offsets: { 0: 1 } }]);
    expect(pump.partitions(null)).toMatchObject([{ committed: 0 }]);
  });
});

describe("before a handover", () => {
  test("lets what was sent finish and commits it, so that nothing of it is read again", async () => {
    const { pump, accept, attempts, commits, log, budget, assign, tenures } = createPumpWorld({
      maxDocuments: 2,
      concurrency: 1,
    });
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2, 3]));
    let over = false;
    const ready = pump.settle(tenures(0), within(5_000)).then(() => (over = true));
    void accept(batch([4]));
    await advance(1_000);
    expect({ over, used: budget.usedBytes }).toEqual({ over: false, used: 2 * recordBytes });
    attempts[0]?.indexed();
    await ready;
    expect(attempts).toHaveLength(1);
    expect(commits).toEqual([{ generation: 1, offsets: { 0: 2 } }]);
    assign(2, { 0: 2 });
    await accept(batch([2, 3]));
    expect(attempts[1]?.offsets).toEqual([2, 3]);
    expect(log.consumed).toBe(6);
  });

  test("does not wait for records that are tried again, and commits what has an outcome", async () => {
    const { pump, accept, attempts, commits, assign, tenures } = createPumpWorld();
    assign(1, { 0: 0 });
    await accept(batch([0, 1]));
    attempts[0]?.answer(["indexed", null]);
    await flush();
    await pump.settle(tenures(0), within(5_000));
    expect(commits).toEqual([{ generation: 1, offsets: { 0: 1 } }]);
  });

  test("waits 5 s at most, and no longer for a commit", async () => {
    const { pump, accept, attempts, kafka, assign, tenures } = createPumpWorld();
    assign(1, { 0: 0 });
    await accept(batch([0]));
    let over = 0;
    void pump.settle(tenures(0), within(5_000)).then(() => (over += 1));
    await advance(4_900);
    expect(over).toBe(0);
    await advance(200);
    expect(over).toBe(1);
    attempts.at(-1)?.answer([null]);
    assign(2, { 0: 0 });
    await accept(batch([0]));
    kafka.commit = () => new Promise(() => {});
    attempts.at(-1)?.indexed();
    await flush();
    void pump.settle(tenures(0), within(5_000)).then(() => (over += 1));
    await advance(5_100);
    expect(over).toBe(2);
  });
});

describe("backpressure", () => {
  test("keeps what was fetched waiting until there is memory", async () => {
    const { accept, attempts, log, assign } = createPumpWorld({ maxBytes: 100 });
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2]));
    let accepted = false;
    const waiting = accept(batch([3])).then(() => (accepted = true));
    await advance(5_050);
    expect({ accepted, consumed: log.consumed }).toEqual({ accepted: false, consumed: 3 });
    attempts[0]?.indexed();
    await waiting;
    expect(log.consumed).toBe(4);
  });
});

describe("draining", () => {
  test("lets go of what was not sent, waits for what was, and commits it", async () => {
    const { pump, accept, attempts, commits, budget, assign } = createPumpWorld({
      maxDocuments: 2,
      concurrency: 1,
    });
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2, 3]));
    const drained = pump.drain(signal);
    attempts[0]?.answer(["indexed", null]);
    await advance(100);
    expect(attempts[1]?.offsets).toEqual([1]);
    attempts[1]?.indexed();
    await advance(1_000);
    expect(await drained).toBe(true);
    expect(attempts).toHaveLength(2);
    expect(commits.at(-1)?.offsets).toEqual({ 0: 2 });
    expect(budget.usedBytes).toBe(0);
  });

  test("is over at once where nothing is under way", async () => {
    const { pump, assign } = createPumpWorld();
    assign(1, { 0: 0 });
    expect(await pump.drain(signal)).toBe(true);
  });

  test("says false at its deadline, and what had an outcome is committed all the same", async () => {
    const { pump, accept, attempts, commits, assign } = await createWellWorld({ maxDocuments: 1 });
    assign(1, { 0: 0 });
    await accept(batch([0, 1]));
    const deadline = new AbortController();
    const drained = pump.drain(deadline.signal);
    attempts[0]?.indexed();
    await advance(1_000);
    deadline.abort();
    expect(await drained).toBe(false);
    expect(commits.map(({ offsets }) => offsets)).toEqual([{ 0: 1 }]);
    pump.close();
  });

  test("says false where the commit does not succeed in time, true where it does at last", async () => {
    for (const recovers of [false, true]) {
      const { pump, accept, attempts, kafka, failures, assign } = createPumpWorld();
      const working = kafka.commit;
      kafka.commit = () => Promise.reject(new Error("no coordinator"));
      assign(1, { 0: 0 });
      await accept(batch([0]));
      attempts[0]?.indexed();
      const deadline = new AbortController();
      const drained = pump.drain(deadline.signal);
      await advance(1_100);
      expect(failures.commit.length).toBeGreaterThan(1);
      if (recovers) kafka.commit = working;
      await advance(2_000);
      deadline.abort();
      expect(await drained).toBe(recovers);
      pump.close();
    }
  });

  test("takes nothing more", async () => {
    const { pump, attempts, assign, tenures } = createPumpWorld();
    assign(1, { 0: 0 });
    await pump.drain(signal);
    const [tenure] = tenures(0);
    if (tenure === undefined) throw new Error("nothing is owned");
    expect(pump.mayTake(tenure)).toBe(false);
    expect(pump.take(tenure, batch([0]))).toBe(false);
    await flush();
    expect(attempts).toEqual([]);
  });

  test("says false where a partition that was sent from is gone before it was committed", async () => {
    const { pump, accept, attempts, assign, disown } = createPumpWorld();
    assign(1, { 0: 0, 1: 0 });
    await accept(batch([0], { partition: 1 }));
    const drained = pump.drain(signal);
    disown(1);
    attempts[0]?.indexed();
    await advance(1_000);
    expect(await drained).toBe(false);
  });
});

describe("a partition that was taken away while something of it was sent", () => {
  const takenAway = async () => {
    const world = createPumpWorld();
    const { accept, attempts, assign, disown } = world;
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2], { start: 0 }));
    disown(0);
    attempts[0]?.answer([null, null, null]);
    await flush();
    return world;
  };

  test("counts as unclean when it is back, until that is committed", async () => {
    const { pump, own } = await takenAway();
    own(2, { 0: 0 });
    expect(await pump.drain(signal)).toBe(false);
  });

  test("counts as clean where its topic was created again: the commits are gone with the former log", async () => {
    const { pump, own } = await takenAway();
    own(2, { 0: null });
    expect(await pump.drain(signal)).toBe(true);
  });

  test("counts as clean where its log is too short to hold what was sent", async () => {
    const { pump, own } = await takenAway();
    own(2, { 0: 0 });
    pump.observe({ partition: 0, highWatermark: 0, lastStableOffset: 0, logStart: 0 });
    expect(await pump.drain(signal)).toBe(true);
  });
});

test("closing gives all memory back, commits nothing more, and is no fault", async () => {
  const { pump, accept, attempts, commits, budget, failures, assign } = await createWellWorld({
    maxDocuments: 1,
    concurrency: 2,
  });
  assign(1, { 0: 0 });
  await accept(batch([0, 1, 2]));
  pump.close();
  expect(budget.usedBytes).toBe(0);
  attempts[0]?.indexed();
  attempts[1]?.answer([null]);
  await advance(20_000);
  expect({ commits, broken: failures.broken, used: budget.usedBytes }).toEqual({
    commits: [],
    broken: [],
    used: 0,
  });
  expect(attempts).toHaveLength(2);
});
