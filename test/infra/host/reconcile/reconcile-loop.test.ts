import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { createReconcileLoop } from "../../../../infra/host/reconcile/reconcile-loop.ts";
import { createTriggers } from "../../../../infra/host/reconcile/triggers.ts";
import type { ReconcileInput, ReconcileResult } from "../../../../functions/reconcile-topics.ts";
import { advance, flush } from "../../../support/fake-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { reconcileResult } from "../../../support/reconcile-result.ts";
import { rejection } from "../../../support/rejection.ts";
import { settings } from "../../../support/settings.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

interface Run {
  readonly input: ReconcileInput;
  readonly newerTrigger: AbortSignal;
  /** Resolves when the loop has taken the result. */
  finish(changes?: Partial<ReconcileResult>): Promise<void>;
  fail(error: unknown): void;
}

/** A loop whose runs are finished by hand. */
function setUp() {
  const memory = {
    settings: settings(),
    declarations: [],
    failedProbes: [],
    stillness: null,
    etcd: null,
    seenMissing: new Set<string>(),
  };
  const runs: Run[] = [];
  const results: { result: ReconcileResult; reasons: readonly string[] }[] = [];
  const logger = createMemoryLogger();
  const counts = { underWay: 0, most: 0 };
  const triggers = createTriggers();
  const loop = createReconcileLoop({
    triggers,
    memory,
    logger,
    onResult: (result, reasons) => void results.push({ result, reasons }),
    async reconcile(input, newerTrigger) {
      counts.underWay += 1;
      counts.most = Math.max(counts.most, counts.underWay);
      const { promise, resolve, reject } = Promise.withResolvers<ReconcileResult>();
      const finish = (changes: Partial<ReconcileResult> = {}): Promise<void> => {
        resolve(reconcileResult({ memory: input.memory, carriedOut: !input.dryRun, ...changes }));
        return flush();
      };
      runs.push({ input, newerTrigger, finish, fail: reject });
      try {
        return await promise;
      } finally {
        counts.underWay -= 1;
      }
    },
  });
  return { triggers, loop, runs, results, logger, counts, memory };
}

/** Whose first run is under way. */
async function started() {
  const world = setUp();
  world.triggers.push("start");
  await flush();
  return world;
}

const asked = { reason: "POST /reconcile", dryRun: false, acceptEtcd: false, expectedHash: null, asIf: null };

describe("triggers", () => {
  test("that come during a run become one more, with all their reasons", async () => {
    const { triggers, loop, runs, results, counts } = await started();
    for (const reason of ["config", "etcd", "etcd"]) triggers.push(reason);
    await flush();
    expect(runs).toHaveLength(1);
    await runs[0]?.finish();
    expect(runs).toHaveLength(2);
    await runs[1]?.finish();
    expect(runs).toHaveLength(2);
    expect(results.map(({ reasons }) => reasons)).toEqual([["start"], ["config", "etcd"]]);
    expect(counts.most).toBe(1);
    await loop.stop();
  });

  test("tell the run under way to hurry, and not the next one", async () => {
    const { triggers, loop, runs } = await started();
    expect(runs[0]?.newerTrigger.aborted).toBe(false);
    triggers.push("etcd");
    expect(runs[0]?.newerTrigger.aborted).toBe(true);
    await runs[0]?.finish({ interrupted: true });
    expect(runs[1]?.newerTrigger.aborted).toBe(false);
    await runs[1]?.finish();
    await loop.stop();
  });
});

describe("a run", () => {
  test("takes up the memory of the one before", async () => {
    const { triggers, loop, runs, memory } = setUp();
    expect(loop.memory).toBe(memory);
    expect(loop.last).toBeNull();
    triggers.push("start");
    await flush();
    const next = { ...memory, seenMissing: new Set(["app"]) };
    await runs[0]?.finish({ memory: next, durationMs: 7 });
    expect(loop.memory).toBe(next);
    expect(loop.last?.durationMs).toBe(7);
    triggers.push("again");
    await flush();
    expect(runs[1]?.input).toEqual({
      memory: next,
      dryRun: false,
      acceptEtcd: false,
      expectedHash: null,
      asIf: null,
    });
    await runs[1]?.finish();
    await loop.stop();
  });

  test("is repeated after 30 s without a trigger, and after each trigger anew", async () => {
    const { triggers, loop, runs, results } = await started();
    await runs[0]?.finish();
    await advance(20_000, 1_000);
    triggers.push("etcd");
    await flush();
    await runs[1]?.finish();
    await advance(29_000, 1_000);
    expect(runs).toHaveLength(2);
    await advance(1_000);
    expect(runs).toHaveLength(3);
    await runs[2]?.finish();
    expect(results.at(-1)?.reasons).toEqual(["resync"]);
    await loop.stop();
  });

  test("that was cut short is soon continued", async () => {
    const { loop, runs } = await started();
    await runs[0]?.finish({ interrupted: true });
    await advance(450);
    expect(runs).toHaveLength(1);
    await advance(50);
    expect(runs).toHaveLength(2);
    await runs[1]?.finish();
    await loop.stop();
  });

  test("that a newer trigger cut short is continued by that trigger's run, which nothing cuts short again", async () => {
    const { triggers, loop, runs } = await started();
    triggers.push("etcd");
    await runs[0]?.finish({ interrupted: true });
    await advance(10_000, 100);
    expect(runs).toHaveLength(2);
    expect(runs[1]?.newerTrigger.aborted).toBe(false);
    // It ended by its own time limit.
    await runs[1]?.finish({ interrupted: true });
    await advance(500);
    expect(runs).toHaveLength(3);
    await runs[2]?.finish();
    await loop.stop();
  });

  test("that a newer trigger cut short still has an unsettled source looked at again in time", async () => {
    const { triggers, loop, runs } = await started();
    triggers.push("etcd");
    await runs[0]?.finish({ interrupted: true, lookAgainMs: 700 });
    await advance(699, 1);
    expect(runs[1]?.newerTrigger.aborted).toBe(false);
    await advance(1, 1);
    expect(runs[1]?.newerTrigger.aborted).toBe(true);
    await runs[1]?.finish({ interrupted: true });
    await runs[2]?.finish();
    await loop.stop();
  });

  test("that throws is logged, and the loop goes on", async () => {
    const { loop, runs, logger, results } = await started();
    runs[0]?.fail(new TypeError("a bug"));
    await advance(30_000, 1_000);
    expect(logger.lines).toEqual([
      { level: "error", message: "reconcile failed", fields: { reasons: ["start"], error: "a bug" } },
    ]);
    expect(runs).toHaveLength(2);
    await runs[1]?.finish();
    expect(results).toHaveLength(1);
    await loop.stop();
  });
});

test("a source that moved is looked at again as soon as it may be believed", async () => {
  const { loop, runs, results } = await started();
  await runs[0]?.finish({ lookAgainMs: 700 });
  await advance(699, 1);
  expect(runs).toHaveLength(1);
  await advance(1, 1);
  await runs[1]?.finish();
  expect(results.map(({ reasons }) => reasons)).toEqual([["start"], ["a source or a setting is due again"]]);
  await loop.stop();
});

describe("a run somebody waits for", () => {
  test("comes after the one under way, and its result is given back", async () => {
    const { loop, runs, results, counts } = await started();
    const waiting = loop.run({ ...asked, acceptEtcd: true });
    await flush();
    expect(runs).toHaveLength(1);
    expect(runs[0]?.newerTrigger.aborted).toBe(false);
    await runs[0]?.finish();
    expect(runs[1]?.input.acceptEtcd).toBe(true);
    await runs[1]?.finish({ durationMs: 42 });
    expect((await waiting).durationMs).toBe(42);
    expect(results.map(({ reasons }) => reasons)).toEqual([["start"], ["POST /reconcile"]]);
    expect(counts.most).toBe(1);
    await loop.stop();
  });

  test("dry, leaves memory, last result and reports as they were", async () => {
    const { loop, runs, results, memory } = setUp();
    const waiting = loop.run({ ...asked, dryRun: true });
    await flush();
    await runs[0]?.finish({ memory: { ...memory }, durationMs: 42 });
    expect((await waiting).durationMs).toBe(42);
    expect(loop.memory).toBe(memory);
    expect(loop.last).toBeNull();
    expect(results).toEqual([]);
    await loop.stop();
  });

  test("for a plan that is another by now leaves memory, last result and reports as they were", async () => {
    const { loop, runs, results, memory } = setUp();
    const waiting = loop.run({ ...asked, expectedHash: "old" });
    await flush();
    expect(runs[0]?.input.expectedHash).toBe("old");
    await runs[0]?.finish({ memory: { ...memory }, carriedOut: false, hash: "new" });
    expect((await waiting).hash).toBe("new");
    expect(loop.memory).toBe(memory);
    expect(loop.last).toBeNull();
    expect(results).toEqual([]);
    await loop.stop();
  });

  test("gets its error, and the loop goes on", async () => {
    const { triggers, loop, runs } = setUp();
    const waiting = rejection(loop.run(asked));
    await flush();
    const bug = new TypeError("a bug");
    runs[0]?.fail(bug);
    expect(await waiting).toBe(bug);
    triggers.push("etcd");
    await flush();
    expect(runs).toHaveLength(2);
    await runs[1]?.finish();
    await loop.stop();
  });
});

describe("stopping", () => {
  test("lets the run under way end, told to hurry, and starts no other", async () => {
    const { triggers, loop, runs } = await started();
    triggers.push("waiting");
    const asking = rejection(loop.run(asked));
    let stopped = false;
    const stopping = loop.stop().then(() => (stopped = true));
    await flush();
    expect(stopped).toBe(false);
    expect(runs[0]?.newerTrigger.aborted).toBe(true);
    await runs[0]?.finish({ interrupted: true });
    await stopping;
    expect(await asking).toMatchObject({ code: "stopping", retryable: true });
    triggers.push("late");
    expect(await rejection(loop.run(asked))).toMatchObject({ code: "stopping" });
    await advance(60_000, 1_000);
    expect(runs).toHaveLength(1);
  });

  test("ends the resync", async () => {
    const { loop, runs } = await started();
    await runs[0]?.finish();
    await loop.stop();
    await advance(60_000, 1_000);
    expect(runs).toHaveLength(1);
  });
});

test("callers who wait for the same share one run: a crowd of them does not keep triggers waiting", async () => {
  const { triggers, loop, runs } = await started();
  const crowd = [loop.run(asked), loop.run(asked), loop.run({ ...asked, dryRun: true }), loop.run(asked)];
  triggers.push("etcd");
  for (let run = 0; run < 4; run += 1) {
    await runs[run]?.finish();
  }
  await Promise.all(crowd);
  expect(runs.map(({ input }) => input.dryRun)).toEqual([false, false, true, false]);
  const late = loop.run(asked);
  await flush();
  await runs[4]?.finish();
  await late;
  await loop.stop();
});

test("callers who expect another plan, or ask about another text, do not share a run", async () => {
  const { loop, runs } = setUp();
  const wanted = [
    asked,
    { ...asked, expectedHash: "a" },
    { ...asked, expectedHash: "b" },
    { ...asked, expectedHash: "a" },
    { ...asked, dryRun: true, asIf: { key: "logs/a", text: "[]" } },
    { ...asked, dryRun: true, asIf: { key: "logs/b", text: "[]" } },
  ];
  const waiting = wanted.map((one) => loop.run(one));
  for (let run = 0; run < 5; run += 1) {
    await flush();
    await runs[run]?.finish();
  }
  await Promise.all(waiting);
  expect(runs.map(({ input }) => [input.expectedHash, input.asIf?.key ?? null])).toEqual([
    [null, null],
    ["a", null],
    ["b", null],
    [null, "logs/a"],
    [null, "logs/b"],
  ]);
  await loop.stop();
});
