import { expect, test } from "bun:test";
import {
  type ByteBounds,
  createByteBudget,
  type FetchPace,
} from "../../../../infra/host/shares/byte-budget.ts";
import { flush } from "../../../support/fake-time.ts";

const KiB = 1024;
const bounds = (maxBytes: number): ByteBounds => ({ maxBytes, readAhead: maxBytes });
const newPace = (): FetchPace => ({ limit: null, brought: 0 });
const nobody = (): void => {};

/** A topic's share, and how often it was told of room. */
function joined(budget: ReturnType<typeof createByteBudget>) {
  const told = { count: 0 };
  return { share: budget.join(() => (told.count += 1)), told };
}

test("counts what is held and given back", () => {
  const budget = createByteBudget(bounds(1000));
  const share = budget.join(nobody);
  share.hold(100);
  share.hold(50);
  expect(budget.usedBytes).toBe(150);
  share.give(100);
  expect(budget.usedBytes).toBe(50);
});

test("what is too large for any share passes alone, and nothing beside it until it is given back", () => {
  const budget = createByteBudget(bounds(1000));
  const share = budget.join(nobody);
  expect(share.room(5000)).toBeGreaterThan(0);
  share.hold(5000);
  expect({ room: share.room(1), mayFetch: share.mayFetch }).toEqual({ room: 0, mayFetch: false });
  // Another has its minimum, and what is large waits for this one.
  const other = budget.join(nobody);
  expect([other.room(100) > 0, other.room(600)]).toEqual([true, 0]);
  share.give(5000);
  expect(share.room(1)).toBeGreaterThan(0);
  expect(share.mayFetch).toBe(true);
});

test("a topic that is full does not keep another from its minimum", () => {
  const budget = createByteBudget(bounds(1000));
  const [greedy, modest] = [budget.join(nobody), budget.join(nobody)];
  greedy.hold(1000);
  expect({ room: greedy.room(1), mayFetch: greedy.mayFetch }).toEqual({ room: 0, mayFetch: false });
  modest.hold(60);
  // Its minimum is 1000 / (4 × 2).
  expect({ room: modest.room(65), mayFetch: modest.mayFetch }).toEqual({ room: 65, mayFetch: true });
  modest.hold(65);
  expect({ room: modest.room(1), mayFetch: modest.mayFetch }).toEqual({ room: 0, mayFetch: false });
});

test("none holds more than a quarter, or than what it needs to read ahead", () => {
  const quarter = createByteBudget({ maxBytes: 1000, readAhead: 1000 }).join(nobody);
  quarter.hold(240);
  expect([quarter.room(10), quarter.room(11)]).toEqual([10, 0]);
  const ahead = createByteBudget({ maxBytes: 100_000_000, readAhead: 2_000_000 }).join(nobody);
  ahead.hold(1_990_000);
  expect([ahead.room(10_000), ahead.room(10_001)]).toEqual([10_000, 0]);
});

test("what was fetched and is not decoded counts before more is fetched, and never against what is decoded", async () => {
  const budget = createByteBudget(bounds(1000));
  const [one, other] = [joined(budget), joined(budget)];
  one.share.fetched(250);
  expect({ mine: one.share.mayFetch, others: other.share.mayFetch }).toEqual({ mine: false, others: false });
  expect(one.share.room(100)).toBeGreaterThanOrEqual(100);
  expect(budget.usedBytes).toBe(0);
  other.share.wait();
  one.share.fetched(-250);
  await flush();
  expect({ mayFetch: other.share.mayFetch, told: other.told.count }).toEqual({ mayFetch: true, told: 1 });
});

test("what waits for what comes next keeps nothing of its own topic from being read, and fills the host all the same", () => {
  const budget = createByteBudget(bounds(1000));
  const share = budget.join(nobody);
  share.hold(250);
  expect({ room: share.room(1), mayFetch: share.mayFetch }).toEqual({ room: 0, mayFetch: false });
  share.idle(250);
  expect(share.room(1)).toBeGreaterThan(0);
  expect(share.mayFetch).toBe(true);
  expect(budget.usedBytes).toBe(250);
  share.idle(-250);
  expect(share.room(1)).toBe(0);
});

test("leaving gives everything back, once, and later gifts count for nothing", async () => {
  const budget = createByteBudget(bounds(1000));
  const [first, second] = [joined(budget), joined(budget)];
  first.share.hold(990);
  first.share.fetched(10);
  second.share.hold(1);
  expect(second.share.room(200)).toBe(0);
  second.share.wait();
  first.share.leave();
  first.share.leave();
  first.share.give(990);
  first.share.hold(7);
  await flush();
  expect(second.told.count).toBe(1);
  // Alone again, its minimum is a quarter.
  expect(second.share.room(200)).toBeGreaterThanOrEqual(200);
  expect(budget.usedBytes).toBe(1);
  expect(first.share.room(1)).toBe(0);
});

test("whoever waits is told once, of a larger limit too; whoever left or does not wait is not", async () => {
  const budget = createByteBudget(bounds(1000));
  const [waits, quiet, left] = [joined(budget), joined(budget), joined(budget)];
  waits.share.hold(330);
  expect(waits.share.room(100)).toBe(0);
  waits.share.wait();
  left.share.wait();
  left.share.leave();
  await flush();
  waits.share.wait();
  const before = waits.told.count;
  budget.resize(bounds(2000));
  budget.resize(bounds(2000));
  await flush();
  expect(waits.told.count).toBe(before + 1);
  expect(waits.share.room(100)).toBeGreaterThanOrEqual(100);
  quiet.share.announce();
  budget.resize(bounds(3000));
  await flush();
  expect([waits.told.count, quiet.told.count, left.told.count]).toEqual([before + 1, 0, 0]);
});

test("what is decoded at a time is bounded, and no small part where more is wanted", () => {
  const share = createByteBudget(bounds(1024 * 1024 * KiB)).join(nobody);
  expect(share.room(100 * 1024 * KiB)).toBe(8 * 1024 * KiB);
  const tight = createByteBudget(bounds(8 * 1024 * KiB)).join(nobody);
  tight.hold(1.5 * 1024 * KiB);
  // Half of a MiB is left of its quarter: it is waited for more, unless no more is wanted.
  expect([tight.room(900 * KiB), tight.room(10 * 1024 * KiB), tight.room(400 * KiB)]).toEqual([
    0,
    0,
    512 * KiB,
  ]);
});

test("a partition's fetches grow with what they bring, and shrink with what the others leave", () => {
  const budget = createByteBudget(bounds(4096 * KiB));
  const other = budget.join(nobody);
  const pace = newPace();
  expect(budget.nextFetch(pace)).toBe(64 * KiB);
  pace.brought = 64 * KiB;
  expect(budget.nextFetch(pace)).toBe(128 * KiB);
  pace.brought = 128 * KiB;
  expect(budget.nextFetch(pace)).toBe(256 * KiB);
  // Nothing came: idle.
  expect(budget.nextFetch(pace)).toBe(64 * KiB);

  other.hold(4080 * KiB);
  pace.brought = 64 * KiB;
  // Free are 16 KiB; it asks nevertheless.
  expect(budget.nextFetch(pace)).toBe(64 * KiB);
});

test("partitions that fetch much share what is free, and one that fetches no more leaves its part to them", () => {
  const budget = createByteBudget(bounds(1024 * KiB));
  const paces = [newPace(), newPace(), newPace(), newPace()];
  const sizes: number[] = [];
  const next = (pace: FetchPace): number => {
    pace.brought = 200 * KiB;
    return Math.round(budget.nextFetch(pace) / KiB);
  };
  for (const pace of paces) {
    budget.nextFetch(pace);
    sizes.push(next(pace));
  }
  // What 64 KiB brought expanded to 200 KiB, so the parts are scaled by that.
  expect(sizes).toEqual([128, 128, 109, 82]);
  for (const pace of paces.slice(0, 3)) budget.forget(pace);
  expect(paces[0]?.limit).toBeNull();
  const [last = newPace()] = paces.slice(3);
  last.limit = 64 * KiB;
  expect(next(last)).toBe(128);
});
