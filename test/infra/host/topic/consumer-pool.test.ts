import { afterEach, describe, expect, jest, test } from "bun:test";
import { testNames } from "../../../support/topic-names.ts";
import type { StartOrder } from "../../../../functions/reconcile-topics/apply-plan.ts";
import { createConsumerPool } from "../../../../infra/host/topic/consumer-pool.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { specificationHash } from "../../../../lib/rules/model/specification.ts";
import { advance, flush } from "../../../support/fake-time.ts";
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
  const failed: [topic: string, retryAtMs: number][] = [];
  const pool = createConsumerPool({
    intake,
    time: { ...systemTime, random: () => 0 },
    events: poolEvents({
      forgotten: (topic) => void forgotten.push(topic),
      failed: (topic, _reason, retryAtMs) => void failed.push([topic, retryAtMs]),
    }),
    keptForMs: () => null,
    names: () => testNames,
    holdOrder: () => null,
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
  return { pool, intake, consumers, alive, forgotten, failed };
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

/** Whose topic runs. */
async function running(changes: Parameters<typeof order>[0] = {}) {
  const world = setUp();
  await world.pool.start("app", order(changes));
  return world;
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
  const { pool, consumers, alive, forgotten } = await running();
  const first = pool.stop("app");
  const start = pool.start("app", order());
  const second = pool.stop("app");
  consumers[0]?.drained(true);
  await Promise.all([first, start, second]);
  expect([consumers.length, alive.size, pool.observed().size]).toEqual([1, 0, 0]);
  expect(forgotten).toEqual(["app"]);
});

test("told twice to start while it drains, it runs once", async () => {
  const { pool, consumers, alive } = await running();
  const stop = pool.stop("app");
  const starts = [pool.start("app", order()), pool.start("app", order())];
  consumers[0]?.drained(true);
  await Promise.all([stop, ...starts]);
  expect([consumers.length, alive.size]).toEqual([2, 1]);
  expect(pool.statuses().map(({ state }) => state)).toEqual(["running"]);
});

test("changed twice while it drains, it runs once, by the last word", async () => {
  const { pool, consumers, alive } = await running({ index: "a" });
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
  const { pool, consumers, alive } = await running();
  const replaced = pool.replace("app", order({ path: "/var/log/app.log" }));
  const all = pool.stopAll(1_000);
  consumers[0]?.drained(true);
  expect(await all).toEqual([]);
  await replaced;
  expect([consumers.length, alive.size]).toEqual([1, 0]);
});

test("what falls over while its index changes ends the drain: it may never end by itself", async () => {
  const { pool, consumers, alive } = await running({ index: "a" });
  const replaced = pool.replace("app", order({ index: "b" }));
  await flush();
  consumers[0]?.fall(new Error("a fault"));
  expect(await replaced).toContain("did not settle");
  expect([...alive].map(({ index }) => index)).toEqual(["a"]);
});

test("a replacement that the group holds up is over once the group lets it run, and failed until then", async () => {
  const { pool, intake, consumers } = await running();
  intake.refuse({ code: "kafka_refused", message: "no room in the group", sinceMs: 0 });
  const replaced = pool.replace("app", order({ path: "/var/log/app.log" }));
  consumers[0]?.drained(true);
  expect(await replaced).toBe("no room in the group");
  expect([...pool.replacing()]).toEqual([["app", "failed"]]);
  intake.refuse(null);
  expect([...pool.replacing()]).toEqual([]);
});

test("a replacement whose topic is gone from Kafka holds no other one up", async () => {
  const { pool, intake, consumers } = await running();
  intake.refuse({ code: "kafka_refused", message: "no room in the group", sinceMs: 0 });
  const replaced = pool.replace("app", order({ path: "/var/log/app.log" }));
  consumers[0]?.drained(true);
  await replaced;
  const pended = pool.pend("app", order().desired, "it does not exist in Kafka");
  consumers[1]?.drained(true);
  await pended;
  expect([...pool.replacing()]).toEqual([]);
});

describe("a start under way", () => {
  const waiting = (): StartOrder => ({ ...order(), ready: new Promise<void>(() => {}) });

  test("is called off by a stop, and the topic forgotten", async () => {
    const { pool, intake, consumers, alive, forgotten } = setUp();
    const started = pool.start("app", waiting());
    await flush();
    const stopped = pool.stop("app");
    consumers[0]?.drained(true);
    await Promise.all([started, stopped]);
    expect([consumers.length, alive.size, [...pool.topics.keys()]]).toEqual([1, 0, []]);
    expect([forgotten, [...intake.wanted]]).toEqual([["app"], []]);
  });

  test("is called off by a change, and the replacement counts as one until it runs", async () => {
    const { pool, consumers, alive } = setUp();
    const started = pool.start("app", waiting());
    await flush();
    const ready = Promise.withResolvers<void>();
    const replaced = pool.replace("app", { ...order({ index: "b" }), ready: ready.promise });
    await flush();
    expect([...pool.replacing()]).toEqual([["app", "stopping"]]);
    consumers[0]?.drained(true);
    await started;
    await flush();
    expect([...pool.replacing()]).toEqual([["app", "starting"]]);
    ready.resolve();
    expect(await replaced).toBeNull();
    expect([...pool.replacing()]).toEqual([]);
    expect([...alive].map(({ index }) => index)).toEqual(["b"]);
  });

  test("is called off where the topic is gone from Kafka", async () => {
    const { pool, consumers, alive, forgotten } = setUp();
    const wanted = waiting();
    const started = pool.start("app", wanted);
    await flush();
    const pended = pool.pend("app", wanted.desired, "it does not exist in Kafka");
    consumers[0]?.drained(true);
    await Promise.all([started, pended]);
    expect([pool.pending(), alive.size, forgotten]).toEqual([["app"], 0, []]);
  });

  test("is called off with everything else", async () => {
    const { pool, consumers, alive } = setUp();
    const started = pool.start("app", waiting());
    await flush();
    const all = pool.stopAll(1_000);
    consumers[0]?.drained(true);
    expect(await all).toEqual([]);
    await started;
    expect(alive.size).toBe(0);
  });
});

describe("a topic that runs", () => {
  test("and is gone from Kafka, drains, is pending, and starts again once it exists", async () => {
    const { pool, intake, consumers, alive } = await running();
    const pended = pool.pend("app", order().desired, "it does not exist in Kafka");
    await flush();
    expect(pool.statuses()).toMatchObject([{ state: "stopping" }]);
    consumers[0]?.drained(true);
    await pended;
    expect(pool.statuses()).toMatchObject([{ state: "pending", reason: "it does not exist in Kafka" }]);
    expect([alive.size, [...intake.wanted]]).toEqual([0, []]);
    expect(await pool.start("app", order())).toBeNull();
    expect(pool.statuses()).toMatchObject([{ state: "running" }]);
  });

  test("and was removed, is another one when it is declared again: nothing of it is counted on", async () => {
    const { pool, consumers, forgotten } = await running();
    const stopped = pool.stop("app");
    consumers[0]?.drained(true);
    await stopped;
    expect([forgotten, pool.statuses()]).toEqual([["app"], []]);
    await pool.start("app", order());
    expect(pool.statuses()).toMatchObject([{ state: "running", counts: { indexed: 0 } }]);
  });

  test("that stays unclean is named when everything stops, the others are not", async () => {
    const { pool, consumers } = await running();
    await pool.start("other", order());
    const all = pool.stopAll(1_000);
    consumers[0]?.drained(true);
    consumers[1]?.drained(false);
    expect(await all).toEqual(["other"]);
  });
});

describe("the drain of a replacement", () => {
  afterEach(() => void jest.useRealTimers());

  test("takes 10 s at most, and the change is made whatever is left", async () => {
    jest.useFakeTimers();
    const { pool, alive, consumers } = await running();
    const replaced = pool.replace("app", order({ path: "/var/log/app.log" }));
    await advance(9_950);
    expect(consumers.length).toBe(1);
    await advance(50);
    expect(await replaced).toBeNull();
    expect([consumers.length, alive.size]).toEqual([2, 1]);
  });

  test("takes as long as it takes where the index changes", async () => {
    jest.useFakeTimers();
    const { pool, alive, consumers } = await running({ index: "a" });
    const replaced = pool.replace("app", order({ index: "b" }));
    await advance(600_000, 10_000);
    expect(consumers.length).toBe(1);
    consumers[0]?.drained(true);
    expect(await replaced).toBeNull();
    expect([...alive].map(({ index }) => index)).toEqual(["b"]);
  });

  test("that is cut all the same leaves the old index, and the change is tried again in a second", async () => {
    jest.useFakeTimers();
    const { pool, consumers, failed } = await running({ index: "a" });
    const replaced = pool.replace("app", order({ index: "b" }));
    consumers[0]?.drained(false);
    expect(await replaced).toContain("did not settle");
    expect(failed).toEqual([["app", Date.now() + 1_000]]);
    expect(pool.observed().get("app")).toMatchObject({ state: "running", spec: { index: "a" } });
  });
});

test("what is not here can be stopped, asked and told without harm", async () => {
  const { pool, forgotten } = setUp();
  await pool.stop("gone");
  pool.observe("gone", []);
  pool.describe("gone", order().desired);
  expect([pool.partitions("gone"), forgotten, pool.topics.size]).toEqual([[], [], 0]);
});
