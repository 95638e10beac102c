import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createHoldKeeper } from "../../../../infra/host/orders/hold-keeper.ts";
import type { StoredOrder } from "../../../../lib/rules/offsets/order-groups.ts";
import { holdText } from "../../../../lib/rules/progress/hold.ts";
import { advance } from "../../../support/fake-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** An order about topic `app` as Kafka has it. */
const order = (held: boolean, by: string, at: number): StoredOrder => ({
  topic: "app",
  partition: 0,
  offset: 0,
  metadata: holdText({ held, by, at, reason: null, writtenAt: at, taken: true }),
});

function setUp(first: StoredOrder) {
  const logger = createMemoryLogger();
  let stored = [first];
  const turned: (readonly string[])[] = [];
  const keeper = createHoldKeeper({
    logger,
    failures: logger,
    now: () => 100,
    topics: { holdOrRead: (topics) => void turned.push([...topics]), following: () => null },
    mover: { isOurs: (topic, partition) => topic === "app" && partition === 0 },
    store: () => ({ read: () => Promise.resolve(stored), write: () => Promise.resolve() }),
  });
  /** What is logged once the host has seen this order. */
  const see = async (next: StoredOrder) => {
    stored = [next];
    const from = logger.lines.length;
    await advance(2_000);
    return logger.lines.slice(from);
  };
  return { see, turned, keeper };
}

test("who released a topic is told once, by the host of its first partition", async () => {
  const { see, turned, keeper } = setUp(order(true, "alice", 1));
  await advance(1);
  expect(await see(order(false, "bob", 2))).toEqual([
    { level: "info", message: "a topic was released", fields: { topic: "app", by: "bob" } },
  ]);
  // Written again, as once a day.
  expect(await see({ ...order(false, "bob", 2), offset: 1 })).toEqual([]);
  expect(turned).toEqual([["app"], ["app"], []]);
  await keeper.stop();
});

test("a host that starts does not tell of releases before", async () => {
  const { see, turned, keeper } = setUp(order(false, "bob", 2));
  await advance(1);
  expect(await see({ ...order(false, "bob", 2), offset: 1 })).toEqual([]);
  expect(turned).toEqual([["app"], []]);
  await keeper.stop();
});

test("other hosts leave it to that one, and only make it read the topic again", async () => {
  const other = { ...order(true, "alice", 1), topic: "other" };
  const { see, turned, keeper } = setUp(other);
  await advance(1);
  expect(await see({ ...order(false, "bob", 2), topic: "other" })).toEqual([]);
  expect(turned).toEqual([["other"], ["other"]]);
  await keeper.stop();
});
