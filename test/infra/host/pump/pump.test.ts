import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import type { AttemptResult } from "../../../../infra/host/pump/sending-deps.ts";
import type { RetryReason } from "../../../../lib/rules/model/record.ts";
import { advance, flush } from "../../../support/fake-time.ts";
import { batch, busy, createPumpWorld, createWellWorld } from "./pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe("sending", () => {
  test("in requests within their bounds, several at once, no more than may be under way", async () => {
    const { accept, attempts, assign } = await createWellWorld({ maxDocuments: 2, concurrency: 2 });
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2, 3, 4]));
    expect(attempts.map(({ offsets }) => offsets)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    attempts[1]?.indexed();
    await flush();
    // What does not fill a request waits a little for company.
    expect(attempts).toHaveLength(2);
    await advance(100);
    expect(attempts[2]?.offsets).toEqual([4]);
  });

  test("by bytes too, but a record larger than the bound goes alone", async () => {
    const { accept, attempts, assign } = await createWellWorld({ bulkBytes: 25 });
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2]));
    await advance(100);
    expect(attempts.map(({ offsets }) => offsets)).toEqual([[0, 1], [2]]);
    const small = await createWellWorld({ bulkBytes: 5 });
    small.assign(1, { 0: 0 });
    await small.accept(batch([0, 1]));
    expect(small.attempts.map(({ offsets }) => offsets)).toEqual([[0], [1]]);
  });

  test("nothing of a partition that is not ours", async () => {
    const { accept, attempts, log, budget, assign } = createPumpWorld();
    await accept(batch([0]));
    assign(1, { 0: 0 });
    await accept(batch([0], { partition: 7 }));
    expect({ attempts, consumed: log.consumed, used: budget.usedBytes }).toEqual({
      attempts: [],
      consumed: 0,
      used: 0,
    });
  });

  test("only what has no outcome again, and says why meanwhile", async () => {
    const { pump, accept, attempts, log, commits, assign } = createPumpWorld();
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2]));
    attempts[0]?.answer(["indexed", null, "duplicate"]);
    await flush();
    expect(pump.trouble?.retry?.message).toBe(busy.message);
    expect(log.retried).toEqual([1]);
    await advance(50);
    expect(attempts).toHaveLength(1);
    await advance(50);
    expect(attempts[1]).toMatchObject({ offsets: [1], attempt: 2 });
    expect(commits).toEqual([{ generation: 1, offsets: { 0: 1 } }]);
    attempts[1]?.answer(["dead-lettered"]);
    await advance(500);
    expect(pump.trouble).toBeNull();
    expect(commits.at(-1)?.offsets).toEqual({ 0: 3 });
    expect(log.outcomes).toEqual(["indexed", null, "duplicate", "dead-lettered"]);
  });

  test("what was written in another form is told", async () => {
    const gaveWay = new Map([
      [1, "err"],
      [2, null],
    ] as const);
    const answer = { outcomes: ["indexed", "indexed", "indexed"], retry: null, gaveWay } as const;
    const { pump, accept, log, assign } = createPumpWorld({ ingest: () => Promise.resolve(answer) });
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2]));
    expect(log.gaveWay).toEqual(["err", null]);
    pump.close();
  });

  test("a 429 halves what may be in flight, another trouble does not, and good answers give it back", async () => {
    let answer: AttemptResult = { outcomes: ["indexed"], retry: null };
    const { pump, accept, gate, assign } = createPumpWorld({
      places: 8,
      ingest: () => Promise.resolve(answer),
    });
    assign(1, { 0: 0 });
    const places: number[] = [];
    const fail = async (retry: RetryReason, offset: number): Promise<void> => {
      answer = { outcomes: [null], retry };
      await accept(batch([offset]));
      places.push(gate.places);
      answer = { outcomes: ["indexed"], retry: null };
      await advance(1_000);
      places.push(gate.places);
    };
    await fail(busy, 0);
    await fail({ code: "server_error", message: "503" }, 1);
    for (let offset = 2; offset < 5; offset += 1) {
      await accept(batch([offset]));
    }
    expect([...places, gate.places]).toEqual([4, 4, 4, 4, 5]);
    pump.close();
  });

  test("a place at Elasticsearch is left while a retry waits", async () => {
    const { accept, attempts, assign } = createPumpWorld({ maxDocuments: 1, places: 1 });
    assign(1, { 0: 0 });
    await accept(batch([0, 1]));
    expect(attempts.map(({ offsets }) => offsets)).toEqual([[0]]);
    attempts[0]?.answer([null]);
    await flush();
    expect(attempts.map(({ offsets }) => offsets)).toEqual([[0], [1]]);
  });

  test("a fault of ours is told, and commits nothing", async () => {
    const { accept, attempts, failures, commits, assign } = createPumpWorld();
    assign(1, { 0: 0 });
    await accept(batch([0]));
    const fault = new TypeError("a bug");
    attempts[0]?.throws(fault);
    await advance(1_000);
    expect(failures.broken).toEqual([fault]);
    expect(commits).toEqual([]);
  });
});

describe("commits", () => {
  test("never pass a record without outcome, in whatever order the answers come", async () => {
    const { pump, accept, attempts, commits, assign } = await createWellWorld({ maxDocuments: 1 });
    assign(1, { 0: 0 });
    await accept(batch([0, 1, 2]));
    attempts[2]?.indexed();
    attempts[1]?.indexed();
    await advance(1_000);
    expect(commits).toEqual([]);
    attempts[0]?.indexed();
    await advance(1_000);
    expect(commits).toEqual([{ generation: 1, offsets: { 0: 3 } }]);
    expect(pump.partitions(null)).toMatchObject([{ partition: 0, committed: 3 }]);
  });

  test("cover spans without records", async () => {
    const { accept, commits, assign } = createPumpWorld();
    assign(1, { 0: 0 });
    await accept(batch([], { end: 9 }));
    await advance(500);
    expect(commits).toEqual([{ generation: 1, offsets: { 0: 9 } }]);
  });

  test("are gathered, and one that fails is tried again with all that came to it", async () => {
    const { accept, attempts, commits, failures, kafka, assign } = createPumpWorld({ maxDocuments: 1 });
    assign(1, { 0: 0 });
    const working = kafka.commit;
    kafka.commit = () => Promise.reject(new Error("not coordinator"));
    await accept(batch([0, 1]));
    attempts[0]?.indexed();
    await advance(50);
    expect(failures.commit).toHaveLength(1);
    attempts[1]?.indexed();
    kafka.commit = working;
    await advance(900);
    expect(commits).toEqual([]);
    await advance(200);
    expect(commits).toEqual([{ generation: 1, offsets: { 0: 2 } }]);
    expect(failures.commit).toHaveLength(1);
  });

  test("go out one at a time", async () => {
    const { accept, attempts, commits, kafka, assign } = createPumpWorld({ maxDocuments: 1 });
    assign(1, { 0: 0 });
    const slow = Promise.withResolvers<void>();
    let begun = 0;
    kafka.commit = () => {
      begun += 1;
      return slow.promise;
    };
    await accept(batch([0, 1]));
    attempts[0]?.indexed();
    await advance(50);
    attempts[1]?.indexed();
    await advance(5_000);
    expect(begun).toBe(1);
    slow.resolve();
    await advance(1_000);
    expect(commits.map(({ offsets }) => offsets)).toEqual([{ 0: 1 }, { 0: 2 }]);
  });
});
