import { expect, test } from "bun:test";
import type { StartOrder } from "../../../../functions/reconcile-topics/apply-plan.ts";
import { createConsumerPool } from "../../../../infra/host/topic/consumer-pool.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { specificationHash } from "../../../../lib/rules/model/specification.ts";
import { flush } from "../../../support/fake-time.ts";
import { idleInlets, poolEvents, willingIntake } from "../../../support/idle-inlets.ts";
import { specification } from "../../../support/records.ts";

interface Consumer {
  /** What it writes to. */
  readonly index: string;
  /** Ends the drain of what it fetched. */
  drained(clean: boolean): void;
  fall(error: Error): void;
}

/** A pool whose topics run at once, and drain when they are told. */
function setUp() {
  const intake = willingIntake();
  const consumers: Consumer[] = [];
  const alive = new Set<Consumer>();
  const forgotten: string[] = [];
  const pool = createConsumerPool({
    intake,
    time: { ...systemTime, random: () => 0 },
    events: poolEvents({ forgotten: (topic) => void forgotten.push(topic) }),
    keptForMs: () => null,
    createInlets({ desired }, { events }) {
      const drain = Promise.withResolvers<boolean>();
      const consumer: Consumer = {
        index: desired.spec.index,
        drained: drain.resolve,
        fall: (error) => events.broken(error),
      };
      consumers.push(consumer);
      alive.add(consumer);
      return idleInlets({
        drain(signal) {
          signal.addEventListener("abort", () => drain.resolve(false));
          return drain.promise;
        },
        close: () => void alive.delete(consumer),
      });
    },
  });
  return { pool, intake, consumers, alive, forgotten };
}

function order(changes: { path?: string; index?: string } = {}): StartOrder {
  const spec = specification(changes);
  return {
    desired: { spec, sources: [] },
    hash: specificationHash(spec),
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

test("told twice to start while it drains, it runs once", async () => {
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

test("gone from Kafka while a start waits for its end, it is pending and nothing of it runs", async () => {
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

test("what falls over while its index changes ends the drain: it may never end by itself", async () => {
  const { pool, consumers, alive } = setUp();
  await pool.start("app", order({ index: "a" }));
  const replaced = pool.replace("app", order({ index: "b" }));
  await flush();
  consumers[0]?.fall(new Error("a fault"));
  expect(await replaced).toContain("did not settle");
  expect([...alive].map(({ index }) => index)).toEqual(["a"]);
});

test("a replacement that the group holds up is over once the group lets it run, and failed until then", async () => {
  const { pool, intake, consumers } = setUp();
  await pool.start("app", order());
  intake.refuse({ code: "kafka_refused", message: "no room in the group", sinceMs: 0 });
  const replaced = pool.replace("app", order({ path: "/var/log/app.log" }));
  consumers[0]?.drained(true);
  expect(await replaced).toBe("no room in the group");
  expect([...pool.replacing()]).toEqual([["app", "failed"]]);
  intake.refuse(null);
  expect([...pool.replacing()]).toEqual([]);
});
