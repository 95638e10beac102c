import { expect, test } from "bun:test";
import { createByteBudget } from "../../../infra/host/byte-budget.ts";
import type { PumpDeps } from "../../../infra/host/pump-deps.ts";
import { createTopicRunner } from "../../../infra/host/topic-runner.ts";
import type { TopicConsumerOptions } from "../../../lib/adapters/kafka/consumer.ts";
import { idlePump, unheard } from "../../support/idle-pump.ts";
import { createMemoryLogger } from "../../support/memory-logger.ts";
import { specification } from "../../support/records.ts";
import { kafkaSettings } from "../../support/settings.ts";

/** A topic whose consumers do as they are told, at a time that is set. */
function setUp() {
  const time = { now: 1_000_000 };
  const refuse: { with: Error | null } = { with: null };
  const consumers: TopicConsumerOptions[] = [];
  const pumps: Pick<PumpDeps, "clock">[] = [];
  const desired = { spec: specification({ topic: "app" }), sources: [] };
  const runner = createTopicRunner("app", desired, {
    now: () => time.now,
    random: () => 0,
    logger: createMemoryLogger(),
    joinBudget: () => createByteBudget({ maxBytes: 1e6, readAhead: 1e6 }).join(),
    events: () => unheard,
    keptForMs: () => null,
    onFailed() {},
    onLost() {},
    onRebalance() {},
    createPump(_order, own) {
      pumps.push(own);
      return idlePump();
    },
    startConsumer(options) {
      if (refuse.with !== null) return Promise.reject(refuse.with);
      consumers.push(options);
      return Promise.resolve({ stop: () => Promise.resolve(), lookForRebalance() {} });
    },
  });
  const start = () =>
    runner.start({
      desired,
      hash: "h",
      kafka: kafkaSettings(),
      startAt: "earliest",
      ready: Promise.resolve(),
    });
  const crash = () => consumers.at(-1)?.listener.onCrash(new Error("the broker is gone"));
  return { time, refuse, pumps, runner, start, crash };
}

const at = (ms: number): string => new Date(ms).toISOString();

test("a topic that cannot start is down since the first try, not since the last", async () => {
  const { time, refuse, runner, start } = setUp();
  refuse.with = new Error("it may not be read");
  await start();
  time.now += 30_000;
  await start();
  expect(runner.status()).toMatchObject({ state: "failed", downSince: at(1_000_000) });
  refuse.with = null;
  await start();
  expect(runner.status()).toMatchObject({ state: "running", downSince: null });
});

test("one that joins and falls over again and again, and commits nothing, stays down", async () => {
  const { time, runner, start, crash } = setUp();
  for (let turn = 0; turn < 5; turn += 1) {
    await start();
    time.now += 10_000;
    crash();
  }
  expect(runner.status()).toMatchObject({ state: "failed", downSince: at(1_000_000) });
});

test("one that committed, or ran well for a while, is down anew", async () => {
  const { time, pumps, runner, start, crash } = setUp();
  await start();
  time.now += 5_000;
  pumps[0]?.clock.committed(0, 1, time.now);
  time.now += 5_000;
  crash();
  expect(runner.status().downSince).toBe(at(1_010_000));
  await start();
  time.now += 40_000;
  crash();
  expect(runner.status().downSince).toBe(at(1_050_000));
});

test("what waits for its topic is not down, and all its consumers share one clock of progress", async () => {
  const { refuse, pumps, runner, start, crash } = setUp();
  await start();
  crash();
  refuse.with = new Error("no");
  await start();
  expect(pumps[1]?.clock).toBe(pumps[0]?.clock);
  runner.pend({ spec: specification({ topic: "app" }), sources: [] }, "it does not exist in Kafka");
  expect(runner.status()).toMatchObject({ state: "pending", downSince: null });
});
