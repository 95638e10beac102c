import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { type ByteBounds, createByteBudget, type ByteShare } from "../../../infra/host/byte-budget.ts";
import { advance, flush } from "../../support/fake-time.ts";
import { rejection } from "../../support/rejection.ts";

const bounds = (maxBytes: number): ByteBounds => ({ maxBytes, readAhead: maxBytes });

const { signal } = new AbortController();
const nothing = (): Promise<void> => Promise.resolve();

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Takes, and tells whether it could. */
function taking(share: ByteShare, bytes: number) {
  const state = { taken: false };
  void share.take(bytes, nothing, signal).then(() => (state.taken = true));
  return state;
}

test("counts what is taken and given back", async () => {
  const budget = createByteBudget(bounds(1000));
  const share = budget.join();
  await share.take(100, nothing, signal);
  await share.take(50, nothing, signal);
  expect(budget.usedBytes).toBe(150);
  share.give(100);
  expect(budget.usedBytes).toBe(50);
});

test("what is too large for any share passes alone, and nothing beside it until it is given back", async () => {
  const budget = createByteBudget(bounds(1000));
  const share = budget.join();
  await share.take(5000, nothing, signal);
  const next = taking(share, 1);
  await flush();
  expect(next.taken).toBe(false);
  share.give(5000);
  await flush();
  expect(next.taken).toBe(true);
  expect(budget.usedBytes).toBe(1);
});

test("a topic that is full does not keep another from its minimum", async () => {
  const budget = createByteBudget(bounds(1000));
  const [greedy, modest] = [budget.join(), budget.join()];
  await greedy.take(1000, nothing, signal);
  const more = taking(greedy, 1);
  await modest.take(60, nothing, signal);
  // Its minimum is 1000 / (4 × 2).
  await modest.take(65, nothing, signal);
  const beyond = taking(modest, 1);
  await flush();
  expect({ more: more.taken, beyond: beyond.taken, used: budget.usedBytes }).toEqual({
    more: false,
    beyond: false,
    used: 1125,
  });
});

test("leaving gives everything back, once, and later gifts count for nothing", async () => {
  const budget = createByteBudget(bounds(1000));
  const [first, second] = [budget.join(), budget.join()];
  await first.take(1000, nothing, signal);
  await second.take(1, nothing, signal);
  const waiting = taking(second, 200);
  await flush();
  expect(waiting.taken).toBe(false);
  first.leave();
  first.leave();
  first.give(1000);
  await flush();
  expect(waiting.taken).toBe(true);
  expect(budget.usedBytes).toBe(201);
});

test("a larger limit is seen by who waits already", async () => {
  const budget = createByteBudget(bounds(1000));
  const share = budget.join();
  await share.take(200, nothing, signal);
  const waiting = taking(share, 100);
  await flush();
  expect(waiting.taken).toBe(false);
  budget.resize(bounds(2000));
  await flush();
  expect(waiting.taken).toBe(true);
});

test("whoever waits is called about once a second", async () => {
  const share = createByteBudget(bounds(1000)).join();
  await share.take(1000, nothing, signal);
  let calls = 0;
  let taken = false;
  const waiting = share
    .take(
      1,
      async () => {
        calls += 1;
      },
      signal,
    )
    .then(() => (taken = true));
  await advance(3_050);
  expect({ calls, taken }).toEqual({ calls: 3, taken: false });
  share.give(1000);
  await waiting;
});

test("what the meanwhile throws, or the abort, ends the wait and takes nothing", async () => {
  const budget = createByteBudget(bounds(1000));
  const share = budget.join();
  await share.take(1000, nothing, signal);
  const rebalance = new Error("rebalance");
  const thrown = rejection(share.take(1, () => Promise.reject(rebalance), signal));
  const controller = new AbortController();
  const aborted = rejection(share.take(1, nothing, controller.signal));
  await advance(1_000);
  expect(await thrown).toBe(rebalance);
  const reason = new Error("closed");
  controller.abort(reason);
  expect(await aborted).toBe(reason);
  expect(budget.usedBytes).toBe(1000);
  share.give(1000);
  expect(await rejection(share.take(1, nothing, controller.signal))).toBe(reason);
  expect(budget.usedBytes).toBe(0);
});

test("a topic's fetches grow with what they bring, and shrink with what the others leave", async () => {
  const KiB = 1024;
  const budget = createByteBudget(bounds(4096 * KiB));
  const [hot, other] = [budget.join(), budget.join()];
  expect(hot.nextFetchBytes()).toBe(64 * KiB);
  await hot.take(64 * KiB, nothing, signal);
  expect(hot.nextFetchBytes()).toBe(128 * KiB);
  await hot.take(128 * KiB, nothing, signal);
  expect(hot.nextFetchBytes()).toBe(256 * KiB);
  // Nothing came: idle.
  expect(hot.nextFetchBytes()).toBe(64 * KiB);
  hot.give(192 * KiB);

  await other.take(4000 * KiB, nothing, signal);
  await hot.take(80 * KiB, nothing, signal);
  // Free are 16 KiB; it asks nevertheless.
  expect(hot.nextFetchBytes()).toBe(64 * KiB);
});

test("topics that fetch much share what is free", async () => {
  const KiB = 1024;
  const budget = createByteBudget(bounds(1024 * KiB));
  const shares = [budget.join(), budget.join(), budget.join(), budget.join()];
  const sizes: number[] = [];
  for (const share of shares) {
    share.nextFetchBytes();
    await share.take(200 * KiB, nothing, signal);
    share.give(200 * KiB);
    sizes.push(Math.round(share.nextFetchBytes() / KiB));
  }
  // What 64 KiB brought expanded to 200 KiB, so the parts are scaled by that.
  expect(sizes).toEqual([128, 128, 109, 82]);
  for (const share of shares) share.leave();
});

describe("what is decoded", () => {
  const work = (bytes: number, expectedBytes = 1) => {
    const started = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const calls: string[] = [];
    return {
      expectedBytes,
      calls,
      started: started.promise,
      finish: () => done.resolve(),
      drop: () => void calls.push("drop"),
      async decode() {
        calls.push("decode");
        started.resolve();
        await done.promise;
        return bytes;
      },
    };
  };
  const never = new AbortController().signal;
  const quiet = () => Promise.resolve();

  test("is held until it is taken, and one at a time in the host", async () => {
    const budget = createByteBudget(bounds(1000));
    const [a, b] = [budget.join(), budget.join()];
    const [first, second] = [work(100), work(50)];
    const decodings = [a.decode(first, quiet, never), b.decode(second, quiet, never)];
    await first.started;
    await flush();
    expect(second.calls).toEqual([]);
    second.finish();
    first.finish();
    const [, letGo] = await Promise.all(decodings);
    expect(budget.usedBytes).toBe(150);
    await a.take(80, quiet, never);
    expect(budget.usedBytes).toBe(130);
    letGo?.();
    expect(budget.usedBytes).toBe(80);
  });

  test("where it turns out not to fit beside what its topic holds, is let go of, and decoded again once it does", async () => {
    const budget = createByteBudget(bounds(1000));
    const share = budget.join();
    await share.take(100, quiet, never);
    const large = work(600);
    large.finish();
    const decoding = share.decode(large, quiet, never);
    await large.started;
    await flush();
    expect(large.calls).toEqual(["decode", "drop"]);
    expect(budget.usedBytes).toBe(100);
    share.give(100);
    await decoding;
    expect(large.calls).toEqual(["decode", "drop", "decode"]);
    expect(budget.usedBytes).toBe(600);
  });

  test("beyond the limit waits for the one before, whatever its topic holds", async () => {
    const budget = createByteBudget(bounds(1000));
    const [a, b] = [budget.join(), budget.join()];
    await a.take(1_001, quiet, never);
    const large = work(600, 600);
    large.finish();
    const decoding = b.decode(large, quiet, never);
    await flush();
    expect(large.calls).toEqual([]);
    a.give(1_001);
    await decoding;
    expect(budget.usedBytes).toBe(600);
  });

  test("that fails, or is called off, leaves the turn to the next", async () => {
    const budget = createByteBudget(bounds(1000));
    const share = budget.join();
    const broken = { expectedBytes: 1, decode: () => Promise.reject(new Error("broken")), drop() {} };
    expect(String(await rejection(share.decode(broken, quiet, never)))).toContain("broken");
    const next = work(1);
    next.finish();
    await share.decode(next, quiet, never);
    expect(budget.usedBytes).toBe(1);
  });
});
