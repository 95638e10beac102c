import { expect, test } from "bun:test";
import type { StartOrder } from "../../../functions/apply-plan.ts";
import { createConsumerPool } from "../../../infra/host/consumer-pool.ts";
import { createByteBudget } from "../../../infra/host/byte-budget.ts";
import type { ConsumerOptions } from "../../../lib/adapters/kafka/consumer.ts";
import { PenstockError } from "../../../lib/rules/errors.ts";
import { specificationHash } from "../../../lib/rules/specification.ts";
import { flush } from "../../support/fake-time.ts";
import { idlePump, unheard } from "../../support/idle-pump.ts";
import { createMemoryLogger } from "../../support/memory-logger.ts";
import { specification } from "../../support/records.ts";
import { kafkaSettings } from "../../support/settings.ts";

interface Consumer {
  readonly options: Omit<ConsumerOptions, "sharing">;
  /** What it writes to. */
  readonly index: string;
  /** Ends the drain of what it fetched. */
  drained(clean: boolean): void;
}

/** A pool whose consumers join at once, and drain when they are told. */
function setUp() {
  const budget = createByteBudget({ maxBytes: 1e6, readAhead: 1e6 });
  const consumers: Consumer[] = [];
  const alive = new Set<Consumer>();
  const looked: string[] = [];
  const forgotten: string[] = [];
  const drains: ((clean: boolean) => void)[] = [];
  const indexes: string[] = [];
  const pool = createConsumerPool({
    now: Date.now,
    random: () => 0,
    logger: createMemoryLogger(),
    joinBudget: () => budget.join(),
    events: () => unheard,
    keptForMs: () => null,
    onFailed() {},
    onLost() {},
    onRebalance() {},
    onForgotten: (topic) => void forgotten.push(topic),
    createPump({ desired }) {
      const drain = Promise.withResolvers<boolean>();
      drains.push(drain.resolve);
      indexes.push(desired.spec.index);
      return idlePump({
        drain(signal) {
          signal.addEventListener("abort", () => drain.resolve(false));
          return drain.promise;
        },
      });
    },
    startConsumer(options) {
      const [drained = () => {}, index = ""] = [drains.at(-1), indexes.at(-1)];
      const consumer: Consumer = { options, drained, index };
      consumers.push(consumer);
      alive.add(consumer);
      return Promise.resolve({
        async stop() {
          alive.delete(consumer);
        },
        lookForRebalance: () => void looked.push(options.topic),
      });
    },
  });
  return { pool, consumers, alive, forgotten, looked };
}

function order(changes: { path?: string; index?: string } = {}): StartOrder {
  const spec = specification(changes);
  const kafka = kafkaSettings();
  return {
    desired: { spec, sources: [] },
    hash: specificationHash(spec, kafka),
    kafka,
    startAt: "earliest",
    ready: Promise.resolve(),
  };
}

test("a start that fails for want of the index template says that, and nothing of its group", async () => {
  const { pool } = setUp();
  const late = new DOMException("The operation timed out.", "TimeoutError");
  const error = new PenstockError("elasticsearch_unavailable", "Elasticsearch is late", { cause: late });
  const ready = Promise.reject(error);
  expect(await pool.start("app", { ...order(), ready })).toBe("Elasticsearch is late");
  expect(pool.statuses()).toMatchObject([{ state: "failed", reason: "Elasticsearch is late" }]);
});

test("stopped, declared and stopped again while it drains, it does not run on beyond its end", async () => {
  const { pool, consumers, alive, forgotten } = setUp();
  await pool.start("app", order());
  const first = pool.stop("app");
  const start = pool.start("app", order());
  const second = pool.stop("app");
  consumers[0]?.drained(true);
  await Promise.all([first, start, second]);
  expect([consumers.length, alive.size, pool.observed().size]).toEqual([1, 0, 0]);
  expect(forgotten).toEqual(["app"]);
});

test("told twice to start while it drains, it gets one consumer", async () => {
  const { pool, consumers, alive } = setUp();
  await pool.start("app", order());
  const stop = pool.stop("app");
  const starts = [pool.start("app", order()), pool.start("app", order())];
  consumers[0]?.drained(true);
  await Promise.all([stop, ...starts]);
  expect([consumers.length, alive.size]).toEqual([2, 1]);
  expect(pool.statuses().map(({ state }) => state)).toEqual(["running"]);
});

test("changed twice while it drains, it runs once, by the last word", async () => {
  const { pool, consumers, alive } = setUp();
  await pool.start("app", order({ index: "a" }));
  const changes = [pool.replace("app", order({ index: "b" })), pool.replace("app", order({ index: "c" }))];
  consumers[0]?.drained(true);
  await Promise.all(changes);
  expect([...alive].map(({ index }) => index)).toEqual(["c"]);
  expect(consumers.length).toBe(2);
});

test("gone from Kafka while a start waits for its end, it is pending and has no consumer", async () => {
  const { pool, consumers, alive } = setUp();
  const wanted = order();
  await pool.start("app", wanted);
  const stop = pool.stop("app");
  const start = pool.start("app", wanted);
  const pend = pool.pend("app", wanted.desired, "it does not exist in Kafka");
  consumers[0]?.drained(true);
  await Promise.all([stop, start, pend]);
  expect(alive.size).toBe(0);
  expect(pool.statuses().map(({ state }) => state)).toEqual(["pending"]);
});

test("what waits for its turn is not begun once everything stops", async () => {
  const { pool, consumers, alive } = setUp();
  await pool.start("app", order());
  const replaced = pool.replace("app", order({ path: "/var/log/app.log" }));
  const all = pool.stopAll(1_000);
  consumers[0]?.drained(true);
  expect(await all).toEqual([]);
  await replaced;
  expect([consumers.length, alive.size]).toEqual([1, 0]);
});

test("a consumer that dies while its index changes ends the drain: nothing more can be committed", async () => {
  const { pool, consumers, alive } = setUp();
  await pool.start("app", order({ index: "a" }));
  const replaced = pool.replace("app", order({ index: "b" }));
  await flush();
  consumers[0]?.options.listener.onCrash(new Error("the broker is gone"));
  expect(await replaced).toContain("did not settle");
  expect([...alive].map(({ index }) => index)).toEqual(["a"]);
});
