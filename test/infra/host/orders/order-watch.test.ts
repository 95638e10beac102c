import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createOrderWatch } from "../../../../infra/host/orders/order-watch.ts";
import type { StoredOrder } from "../../../../lib/rules/offsets/order-groups.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { advance } from "../../../support/fake-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const order = (offset: number): StoredOrder => ({ topic: "a", partition: 0, offset, metadata: "m" });

function setUp() {
  const world = { stored: [order(1)] as readonly StoredOrder[], fault: null as Error | null };
  const told: (readonly StoredOrder[])[] = [];
  const logger = createMemoryLogger();
  let answer = (): Promise<readonly StoredOrder[]> => Promise.resolve(world.stored);
  const watch = createOrderWatch({
    logger,
    failures: logger,
    onChange: (orders) => void told.push(orders),
    store: () => ({
      async read() {
        if (world.fault !== null) throw world.fault;
        return answer();
      },
      async write(orders) {
        world.stored = orders;
      },
    }),
  });
  return { world, told, logger, watch, answerBy: (by: typeof answer) => void (answer = by) };
}

test("tells the first answer, and later ones only if they differ", async () => {
  const { world, told, watch } = setUp();
  expect(watch.orders).toBeNull();
  await advance(5_000);
  expect(told).toEqual([[order(1)]]);
  world.stored = [order(2)];
  await advance(2_000);
  expect(told).toEqual([[order(1)], [order(2)]]);
  await watch.stop();
  world.stored = [];
  await advance(10_000);
  expect(told).toHaveLength(2);
});

test("what was known stays while Kafka is away; only a refusal is worth a warning", async () => {
  const { world, told, logger, watch } = setUp();
  await advance(1);
  world.fault = new PenstockError("kafka_unavailable", "away", { retryable: true });
  await advance(4_000);
  expect(watch.orders).toEqual([order(1)]);
  expect(logger.lines.filter(({ level }) => level === "warn")).toEqual([]);
  world.fault = new PenstockError("kafka_refused", "forbidden");
  await advance(2_000);
  expect(logger.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  expect(told).toHaveLength(1);
  await watch.stop();
});

test("who writes sees its order at once, and an older answer that comes late is ignored", async () => {
  const { told, watch, answerBy, world } = setUp();
  await advance(1);
  const late = Promise.withResolvers<readonly StoredOrder[]>();
  answerBy(() => late.promise);
  const older = watch.refresh(AbortSignal.timeout(60_000));
  answerBy(() => Promise.resolve(world.stored));
  await watch.write([order(3)], AbortSignal.timeout(60_000));
  expect(watch.orders).toEqual([order(3)]);
  late.resolve([order(1)]);
  expect(await older).toEqual([order(3)]);
  expect(told).toEqual([[order(1)], [order(3)]]);
  await watch.stop();
});
