import { expect, test } from "bun:test";
import type { PumpDeps } from "../../../../infra/host/pump/pump.ts";
import { createTopicRunner } from "../../../../infra/host/topic/topic-runner.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { partitionWords } from "../../../../lib/rules/trouble/kafka-words.ts";
import { flush } from "../../../support/fake-time.ts";
import { idleInlets, poolEvents, willingIntake } from "../../../support/idle-inlets.ts";
import { specification } from "../../../support/records.ts";

/** A topic whose group does as it is told, at a time that is set. */
function setUp() {
  const time = { now: 1_000_000 };
  const intake = willingIntake();
  const pumps: Pick<PumpDeps, "clock" | "events">[] = [];
  const desired = { spec: specification({ topic: "app" }), sources: [] };
  const failed: string[] = [];
  /** Why a partition is not read. */
  const inlets: { trouble: string | null } = { trouble: null };
  const runner = createTopicRunner("app", desired, {
    intake,
    time: { ...systemTime, now: () => time.now, random: () => 0 },
    events: poolEvents({ failed: (_topic, reason) => void failed.push(reason) }),
    keptForMs: () => null,
    createInlets(_order, own) {
      pumps.push(own);
      const idle = idleInlets();
      return {
        ...idle,
        get trouble() {
          return inlets.trouble;
        },
      };
    },
  });
  const start = (ready = Promise.resolve()) => runner.start({ desired, hash: "h", startAt: "latest", ready });
  const fall = () => pumps.at(-1)?.events.broken(new Error("a fault"));
  return { time, intake, inlets, pumps, runner, start, fall, failed };
}

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
  const { time, pumps, runner, start, fall } = setUp();
  await start();
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
  const { pumps, runner, start, fall } = setUp();
  await start();
  fall();
  await start(Promise.reject(new Error("no")));
  expect(pumps[1]?.clock).toBe(pumps[0]?.clock);
  runner.pend({ spec: specification({ topic: "app" }), sources: [] }, "it does not exist in Kafka");
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
  const { intake, runner, start } = setUp();
  await start();
  intake.refuse({ code: "kafka_unavailable", message: "no coordinator answers", sinceMs: 900_000 });
  expect(runner.status()).toMatchObject({ state: "starting", reason: "no coordinator answers" });
});

test("it begins where the declaration says only until it was read once", async () => {
  const { intake, start } = setUp();
  await start();
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
  const { intake, runner, start } = setUp();
  await start();
  const desired = { spec: specification({ topic: "app", path: "/other" }), sources: [] };
  const next = { desired, hash: "other", startAt: "earliest", ready: Promise.resolve() } as const;
  expect(await runner.stop(next, null)).toBe(true);
  expect([...intake.wanted]).toEqual(["app"]);
  // Stopped before it has started again: there is nobody who would keep it.
  expect(await runner.stop(null, null)).toBe(true);
  expect([...intake.wanted]).toEqual([]);
});

test("a topic that may not be read is told as failed once its partitions say so", async () => {
  const { inlets, runner, start } = setUp();
  await start();
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
