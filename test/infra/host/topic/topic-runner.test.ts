import { describe, expect, test } from "bun:test";
import { testNames } from "../../../support/topic-names.ts";
import type { PumpDeps } from "../../../../infra/host/pump/pump.ts";
import { createTopicRunner } from "../../../../infra/host/topic/topic-runner.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { partitionWords } from "../../../../lib/rules/trouble/kafka-words.ts";
import type { HoldOrder } from "../../../../lib/rules/progress/hold.ts";
import { flush } from "../../../support/fake-time.ts";
import { idleInlets, idlePump, poolEvents, willingIntake } from "../../../support/idle-inlets.ts";
import { specification } from "../../../support/records.ts";
import { partitionStatus } from "../../../support/topic-status.ts";

const app = { spec: specification({ topic: "app" }), sources: [] };
const changed = { spec: specification({ topic: "app", path: "/other" }), sources: [] };

/** A topic whose group, index and drain do as they are told, at a time that is set. */
function setUp() {
  const time = { now: 1_000_000 };
  const timers = new Set<{ readonly atMs: number; readonly act: () => void }>();
  const intake = willingIntake();
  const pumps: (Pick<PumpDeps, "clock" | "events"> & { closed: boolean; drained(clean: boolean): void })[] =
    [];
  const failed: string[] = [];
  /** Why a partition is not read, and whether a drain takes its time. */
  const order: { hold: HoldOrder | null } = { hold: null };
  const inlets: { trouble: string | null; drainsSlowly: boolean } = { trouble: null, drainsSlowly: false };
  const runner = createTopicRunner("app", app, {
    intake,
    time: {
      ...systemTime,
      now: () => time.now,
      random: () => 0,
      after(ms, act) {
        const timer = { atMs: time.now + ms, act };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
    events: poolEvents({ failed: (_topic, reason) => void failed.push(reason) }),
    keptForMs: () => null,
    names: () => testNames,
    holdOrder: () => order.hold,
    createInlets(_order, own) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const pump = { ...own, closed: false, drained: resolve };
      pumps.push(pump);
      const idle = idleInlets({
        pump: idlePump({ partitions: () => [partitionStatus()], lag: 7 }),
        drain(signal) {
          signal.addEventListener("abort", () => resolve(false));
          if (!inlets.drainsSlowly) resolve(true);
          return promise;
        },
        close: () => void (pump.closed = true),
      });
      return {
        ...idle,
        get trouble() {
          return inlets.trouble;
        },
      };
    },
  });
  const start = (ready = Promise.resolve(), hash = "h") =>
    runner.start({ desired: app, hash, startAt: "latest", ready });
  const fall = (at = pumps.length - 1) => pumps[at]?.events.broken(new Error("a fault"));
  const pass = (ms: number): void => {
    time.now += ms;
    for (const { atMs, act } of timers) if (atMs <= time.now) act();
  };
  const hold = (changes: Partial<HoldOrder> | null): void => {
    order.hold = changes === null ? null : { held: true, by: "alice", at: 5_000, reason: null, ...changes };
    runner.holdOrRead();
  };
  return { time, timers, pass, intake, inlets, pumps, runner, start, fall, failed, hold };
}

async function running() {
  const world = setUp();
  await world.start();
  return world;
}

const order = (hash: string) =>
  ({ desired: changed, hash, startAt: "earliest", ready: Promise.resolve() }) as const;

const at = (ms: number): string => new Date(ms).toISOString();

test("a topic that cannot start is down since the first try, not since the last", async () => {
  const { time, runner, start } = setUp();
  await start(Promise.reject(new Error("no template")));
  time.now += 30_000;
  await start(Promise.reject(new Error("no template")));
  expect(runner.status()).toMatchObject({
    state: "failed",
    reason: "no template",
    downSince: at(1_000_000),
  });
  await start();
  expect(runner.status()).toMatchObject({ state: "running", downSince: null });
});

test("one that runs and falls over again and again, and commits nothing, stays down", async () => {
  const { time, runner, start, fall } = setUp();
  for (let turn = 0; turn < 5; turn += 1) {
    await start();
    time.now += 10_000;
    fall();
  }
  expect(runner.status()).toMatchObject({ state: "failed", downSince: at(1_000_000) });
});

test("one that committed, or ran well for a while, is down anew", async () => {
  const { time, pumps, runner, start, fall } = await running();
  time.now += 5_000;
  pumps[0]?.clock.committed(0, 1, time.now);
  time.now += 5_000;
  fall();
  expect(runner.status().downSince).toBe(at(1_010_000));
  await start();
  time.now += 40_000;
  fall();
  expect(runner.status().downSince).toBe(at(1_050_000));
});

test("what waits for its topic is not down, and all its pumps share one clock of progress", async () => {
  const { pumps, runner, start, fall } = await running();
  fall();
  await start(Promise.reject(new Error("no")));
  expect(pumps[1]?.clock).toBe(pumps[0]?.clock);
  runner.pend(app, "it does not exist in Kafka");
  expect(runner.status()).toMatchObject({ state: "pending", downSince: null });
});

test("what the group refuses is told as failed while it lasts, and runs by itself afterwards", async () => {
  const { time, intake, runner, start, failed } = setUp();
  intake.refuse({ code: "kafka_refused", message: "the group is another client's", sinceMs: 900_000 });
  await start();
  expect(runner.problem).toBe("the group is another client's");
  expect(runner.status()).toMatchObject({
    state: "failed",
    reason: "the group is another client's",
    since: at(900_000),
    downSince: at(1_000_000),
  });
  // Nothing of it has to be started anew.
  expect([runner.state, failed]).toEqual(["starting", []]);
  time.now += 1_000;
  intake.refuse(null);
  expect(runner.status()).toMatchObject({ state: "running", reason: null, downSince: null });
});

test("a coordinator that is away is told without a state of its own", async () => {
  const { intake, runner } = await running();
  intake.refuse({ code: "kafka_unavailable", message: "no coordinator answers", sinceMs: 900_000 });
  expect(runner.status()).toMatchObject({ state: "starting", reason: "no coordinator answers" });
});

test("it begins where the declaration says only until it was read once", async () => {
  const { intake } = await running();
  const taker = intake.takers.get("app");
  expect(taker?.startAt()).toBe("latest");
  taker?.onRead();
  expect(taker?.startAt()).toBe("earliest");
});

test("after a failure the group hears of it only once what it writes to is there", async () => {
  const { intake, start } = setUp();
  await start(Promise.reject(new Error("no template")));
  expect([intake.opened, [...intake.wanted]]).toEqual([1, []]);
  const ready = Promise.withResolvers<void>();
  const started = start(ready.promise);
  await flush();
  expect(intake.opened).toBe(1);
  ready.resolve();
  await started;
  expect([intake.opened, [...intake.wanted]]).toEqual([2, ["app"]]);
});

test("with changed settings it keeps its place in the group, stopped for good it does not", async () => {
  const { intake, runner } = await running();
  expect(await runner.stop(order("other"), null)).toBe(true);
  expect([...intake.wanted]).toEqual(["app"]);
  // Stopped before it has started again: there is nobody who would keep it.
  expect(await runner.stop(null, null)).toBe(true);
  expect([...intake.wanted]).toEqual([]);
});

test("a topic that may not be read is told as failed once its partitions say so", async () => {
  const { inlets, runner } = await running();
  expect(runner.status().state).toBe("running");
  inlets.trouble = partitionWords("LEADER_NOT_AVAILABLE");
  expect(runner.status()).toMatchObject({ state: "running", reason: inlets.trouble, downSince: null });
  inlets.trouble = partitionWords("TOPIC_AUTHORIZATION_FAILED");
  expect(runner.status()).toMatchObject({
    state: "failed",
    reason: inlets.trouble,
    downSince: at(1_000_000),
  });
  inlets.trouble = null;
  expect(runner.status()).toMatchObject({ state: "running", reason: null });
});

describe("starting", () => {
  test("is over once the index is ready and the group takes it, whichever comes last", async () => {
    for (const indexFirst of [true, false]) {
      const { intake, runner, start } = setUp();
      intake.joined = false;
      const ready = Promise.withResolvers<void>();
      const started = start(ready.promise);
      const steps = [() => ready.resolve(), () => (intake.joined = true)];
      for (const step of indexFirst ? steps : steps.toReversed()) {
        expect(runner.state).toBe("starting");
        step();
        await flush();
      }
      await started;
      expect([runner.state, runner.hash, intake.begun]).toEqual(["running", "h", 1]);
    }
  });

  test("is called off by a stop, while it waits for its index: what is ready later moves nothing", async () => {
    const { intake, runner, start, pumps, failed } = setUp();
    const ready = Promise.withResolvers<void>();
    const started = start(ready.promise);
    await flush();
    expect(await runner.stop(null, null)).toBe(true);
    await started;
    ready.resolve();
    await flush();
    expect([runner.state, runner.problem, intake.begun]).toEqual(["stopping", null, 0]);
    expect([intake.takers.size, [...intake.wanted], pumps[0]?.closed, failed]).toEqual([0, [], true, []]);
  });

  test("is called off by a stop, while the group is joined: what the group says later moves nothing", async () => {
    const { intake, runner, start } = setUp();
    intake.joined = false;
    const started = start();
    await flush();
    expect(await runner.stop(order("other"), null)).toBe(true);
    await started;
    intake.joined = true;
    expect([runner.state, [...intake.wanted]]).toEqual(["stopping", ["app"]]);
  });

  test("fails by a fault before anything runs, and an index that is ready later does not start it", async () => {
    const { intake, runner, start, fall, pumps, failed } = setUp();
    const ready = Promise.withResolvers<void>();
    const started = start(ready.promise);
    await flush();
    fall();
    await started;
    ready.resolve();
    await flush();
    expect([runner.state, runner.problem, failed]).toEqual(["failed", "a fault", ["a fault"]]);
    expect([intake.begun, [...intake.wanted], pumps[0]?.closed]).toEqual([0, [], true]);
  });

  test("fails once, whatever else goes wrong with the same start", async () => {
    const { runner, start, fall, failed } = setUp();
    const ready = Promise.withResolvers<void>();
    const started = start(ready.promise);
    fall();
    fall();
    ready.reject(new Error("no template"));
    await started;
    await flush();
    expect([runner.problem, failed]).toEqual(["a fault", ["a fault"]]);
  });
});

describe("running", () => {
  test("is starting again while the group takes it away, without another start", async () => {
    const { intake, pumps, runner } = await running();
    intake.joined = false;
    expect(runner.state).toBe("starting");
    intake.joined = true;
    expect([runner.state, pumps.length]).toEqual(["running", 1]);
  });

  test("that falls over is closed and given back, and says when it may be tried again", async () => {
    const { time, intake, pumps, runner, fall } = await running();
    fall();
    expect([runner.state, runner.retryAtMs - time.now]).toEqual(["failed", 250]);
    expect([pumps[0]?.closed, intake.takers.size, [...intake.wanted]]).toEqual([true, 0, []]);
    expect(runner.status().partitions).toEqual([]);
    expect(runner.status().trouble).toMatchObject({ attempts: 1, partitions: [], records: null });
    runner.tryNow();
    expect(runner.retryAtMs).toBeLessThanOrEqual(time.now);
  });
});

describe("the backoff after a failure", () => {
  test("doubles up to its bound, and begins again after 30 s of running, not before", async () => {
    const { time, runner, start, fall } = setUp();
    const waits: number[] = [];
    const failAfter = async (ms: number): Promise<void> => {
      await start();
      time.now += ms;
      fall();
      waits.push(runner.retryAtMs - time.now);
    };
    for (let turn = 0; turn < 7; turn += 1) await failAfter(29_999);
    await failAfter(30_000);
    await failAfter(0);
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 250, 500]);
  });

  test("begins again for a topic that was gone from Kafka meanwhile", async () => {
    const { time, runner, start, fall } = setUp();
    for (let turn = 0; turn < 3; turn += 1) {
      await start();
      fall();
    }
    runner.pend(app, "it does not exist in Kafka");
    expect([runner.state, runner.hash]).toEqual(["pending", null]);
    await start();
    fall();
    expect(runner.retryAtMs - time.now).toBe(250);
  });

  test("is no state to stop from: there is nothing to drain", async () => {
    const { runner, start } = setUp();
    await start(Promise.reject(new Error("no template")));
    expect(await runner.stop(null, null)).toBe(true);
    expect([runner.state, runner.hash, runner.problem]).toEqual(["stopping", null, null]);
  });
});

describe("stopping", () => {
  test("shows what it drains until that is done, and gives the topic back only then", async () => {
    const { intake, inlets, pumps, runner, start } = setUp();
    inlets.drainsSlowly = true;
    await start();
    const stopped = runner.stop(null, null);
    await flush();
    intake.joined = false;
    intake.joined = true;
    expect(runner.status()).toMatchObject({ state: "stopping", partitions: [{ partition: 0 }] });
    expect(runner.figures().lag).toBe(7);
    expect([pumps[0]?.closed, [...intake.wanted]]).toEqual([false, ["app"]]);
    pumps[0]?.drained(true);
    expect(await stopped).toBe(true);
    expect([runner.status().partitions, runner.figures().lag]).toEqual([[], null]);
    expect([pumps[0]?.closed, [...intake.wanted]]).toEqual([true, []]);
  });

  test("ends with the shortest time it was told, and leaves no timer", async () => {
    for (const [first, second] of [
      [10_000, 1_000],
      [1_000, 10_000],
      [null, 1_000],
    ] as const) {
      const { timers, pass, inlets, runner, start } = setUp();
      inlets.drainsSlowly = true;
      await start();
      const stops = Promise.all([runner.stop(null, first), runner.stop(null, second)]);
      let isOver = false;
      void stops.then(() => (isOver = true));
      pass(999);
      await flush();
      expect(isOver).toBe(false);
      pass(1);
      expect(await stops).toEqual([false, false]);
      expect(timers.size).toBe(0);
    }
  });

  test("is cut by a fault of what drains, which is no failure of the topic", async () => {
    const { inlets, runner, start, fall, failed } = setUp();
    inlets.drainsSlowly = true;
    await start();
    const stopped = runner.stop(order("other"), null);
    await flush();
    fall();
    expect(await stopped).toBe(false);
    expect([runner.state, failed]).toEqual(["stopping", []]);
  });

  test("by a change, changed again and at last not declared any more: the last word counts", async () => {
    const { intake, inlets, pumps, runner, start } = setUp();
    inlets.drainsSlowly = true;
    await start();
    const stops = [runner.stop(order("b"), null), runner.stop(order("c"), null)];
    expect([runner.hash, runner.status().reason]).toEqual(["c", "to start with changed settings"]);
    stops.push(runner.stop(null, 10_000));
    expect([runner.hash, runner.status().reason]).toEqual([null, "no longer declared"]);
    pumps[0]?.drained(true);
    expect(await Promise.all(stops)).toEqual([true, true, true]);
    expect([...intake.wanted]).toEqual([]);
  });

  test("and started again, it is not touched by what the former pump still meets", async () => {
    const { pumps, runner, fall, failed } = await running();
    await runner.stop(order("other"), null);
    await runner.start(order("other"));
    fall(0);
    expect([runner.state, runner.hash, failed]).toEqual(["running", "other", []]);
    expect(pumps.map(({ closed }) => closed)).toEqual([true, false]);
    expect(runner.spec.path).toBe("/other");
  });
});

test("where it is declared changes at any time, and nothing else with it", async () => {
  const { runner, pumps } = await running();
  const sources = [{ kind: "etcd", name: "topics", revision: 7, entry: 0 }] as const;
  runner.describe({ ...app, sources });
  expect([runner.state, runner.hash, runner.status().sources, pumps.length]).toEqual([
    "running",
    "h",
    sources,
    1,
  ]);
});

describe("a held topic", () => {
  test("shows who holds it and since when, whatever else keeps it from running, and is never stalled", async () => {
    const { runner, hold, intake, pass, pumps } = await running();
    hold({ reason: "reindexing" });
    expect(runner.status()).toMatchObject({
      state: "held",
      reason: "held by alice: reindexing",
      since: at(5_000),
      downSince: null,
      hold: { from: "order", by: "alice" },
    });
    pass(600_000);
    expect(runner.status().state).toBe("held");
    intake.refuse({ code: "kafka_refused", message: "not authorized", sinceMs: 0 });
    expect(runner.status()).toMatchObject({
      state: "held",
      reason: "held by alice: reindexing; not authorized",
    });
    intake.refuse(null);
    // No progress was due: a clock that went on would show it as stalled at once.
    const now = 1_600_000;
    pumps[0]?.clock.assigned(0, 10, 0);
    hold({ held: false });
    expect(pumps[0]?.clock.progressAt(0)).toBe(now);
    expect(runner.status()).toMatchObject({ state: "running", reason: null, hold: null });
  });

  test("does not wait for its index; one that is not ready fails once it is read", async () => {
    const { runner, start, hold, failed } = setUp();
    hold({});
    await start(Promise.reject(new Error("no template")));
    await flush();
    expect([runner.state, runner.problem, failed]).toEqual(["held", null, []]);
    hold({ held: false });
    expect([runner.state, failed]).toEqual(["failed", ["no template"]]);
  });

  test("by its declaration starts and stops reading without another start", async () => {
    const { runner, time, pumps } = await running();
    const sources = [{ kind: "config", name: "c.yaml", revision: null, entry: 0 }] as const;
    runner.describe({ spec: { ...app.spec, hold: true }, sources });
    expect(runner.status()).toMatchObject({
      state: "held",
      since: at(time.now),
      reason: "held by entry 1 of c.yaml",
    });
    time.now += 1_000;
    runner.describe({ spec: { ...app.spec, hold: true }, sources });
    expect(runner.status().since).toBe(at(time.now - 1_000));
    runner.describe(app);
    expect([runner.state, pumps.length]).toEqual(["running", 1]);
  });

  test("that is replaced stays held, and one that does not exist says both", async () => {
    const { runner, hold } = await running();
    hold({});
    await runner.stop(order("h2"), 10_000);
    await runner.start(order("h2"));
    expect(runner.status()).toMatchObject({ state: "held", spec: { path: "/other" } });
    await runner.stop(null, 10_000);
    runner.pend(app, "it does not exist");
    expect(runner.status()).toMatchObject({ state: "pending", reason: "it does not exist; held by alice" });
  });

  test("follows an order with the partitions that are open; a topic that still turns follows nothing", async () => {
    const { runner, start, hold, intake } = setUp();
    expect(runner.following).toBeNull();
    await start();
    expect(runner.following).toEqual([0]);
    hold({});
    expect(runner.following).toEqual([0]);
    intake.refuse({ code: "kafka_refused", message: "not authorized", sinceMs: 0 });
    expect(runner.following).toBeNull();
  });
});
