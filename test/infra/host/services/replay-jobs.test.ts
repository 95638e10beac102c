import { describe, expect, test } from "bun:test";
import { createReplayJobs, type ReplayJobsDeps } from "../../../../infra/host/services/replay-jobs.ts";
import {
  NO_OUTCOMES,
  type ReplayProgress,
  type ReplayResult,
} from "../../../../functions/replay-dead-letters.ts";
import type { ReplayRequest } from "../../../../lib/rules/dead-letters/replay-request.ts";
import type { LettersLeft } from "../../../../functions/letters-left.ts";
import { noStates } from "../../../../lib/rules/dead-letters/letter-state.ts";
import { hostStopping } from "../../../../lib/rules/base/errors.ts";
import { eventOf } from "../../../../lib/rules/history/event.ts";
import { eventually } from "../../../support/eventually.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { replayResult } from "../../../support/replay-result.ts";

const request: ReplayRequest = {
  filter: { topic: "app", error: null, sinceMs: Date.UTC(2026, 0, 2) },
  index: null,
  dryRun: false,
};

const left: LettersLeft = {
  states: { open: 0, resolved: 5, unknown: 0 },
  statesProblems: [],
  byIndex: [{ index: "app-mended", letters: 5 }],
  complete: true,
};

/** Jobs whose replays end when told to. */
function setUp(leftOf: ReplayJobsDeps["left"] = () => Promise.resolve(left)) {
  const requests: ReplayRequest[] = [];
  const runs: {
    progress: (progress: ReplayProgress) => void;
    signal: AbortSignal;
    done: PromiseWithResolvers<ReplayResult>;
  }[] = [];
  const replay: ReplayJobsDeps["replay"] = (wanted, progress, signal) => {
    requests.push(wanted);
    const done = Promise.withResolvers<ReplayResult>();
    signal.addEventListener("abort", () => done.reject(signal.reason));
    runs.push({ progress, signal, done });
    return done.promise;
  };
  let ids = 0;
  const logger = createMemoryLogger();
  const jobs = createReplayJobs({
    replay,
    left: leftOf,
    newId: () => `id-${(ids += 1)}`,
    now: () => 0,
    logger,
  });
  return { jobs, runs, requests, logger };
}

describe("replay jobs", () => {
  test("run one at a time, and tell how far they are and what came of it", async () => {
    const { jobs, runs } = setUp();
    const { kind, job } = jobs.start(request);
    expect(kind).toBe("started");
    expect(job).toEqual({
      id: "id-1",
      state: "running",
      request: {
        topic: "app",
        error: null,
        since: "2026-01-02T00:00:00.000Z",
        index: null,
        refusedBy: null,
        field: null,
        dryRun: false,
      },
      startedAt: "1970-01-01T00:00:00.000Z",
      endedAt: null,
      progress: { read: 0, total: 0, outcomes: NO_OUTCOMES },
      result: null,
      error: null,
      change: null,
      left: null,
    });
    expect(jobs.start(request)).toMatchObject({ kind: "busy", job: { id: "id-1" } });

    await eventually("it runs", () => runs.length === 1);
    const progress = { read: 3, total: 5, outcomes: { ...NO_OUTCOMES, indexed: 2 } };
    runs[0]?.progress(progress);
    expect(jobs.get("id-1")).toMatchObject({ state: "running", progress });
    runs[0]?.done.resolve(replayResult({ indexed: 5 }));
    await eventually("it is done", () => jobs.get("id-1")?.state === "done");
    expect(jobs.get("id-1")).toMatchObject({ endedAt: "1970-01-01T00:00:00.000Z", result: { indexed: 5 } });
    expect(jobs.start(request)).toMatchObject({ kind: "started", job: { id: "id-2" } });
    await eventually("the second runs", () => runs.length === 2);
    runs[1]?.done.reject(new Error("no Elasticsearch"));
    await eventually("it failed", () => jobs.get("id-2")?.state === "failed");
    expect(jobs.get("id-2")).toMatchObject({ error: "no Elasticsearch", result: null });
    expect(jobs.get("id-3")).toBeNull();
  });

  test("of one group end with a look at what is left of it; a dry run and a replay of all do not", async () => {
    const { jobs, runs } = setUp();
    const filter = { ...request.filter, of: { index: "app", field: "n" } };
    for (const [at, [wanted, audited]] of [
      [{ ...request, filter }, left] as const,
      [{ ...request, filter, dryRun: true }, null] as const,
      [request, null] as const,
    ].entries()) {
      const { id } = jobs.start(wanted).job;
      await eventually("it runs", () => runs.length === at + 1);
      runs[at]?.done.resolve(replayResult());
      await eventually("it is done", () => jobs.get(id)?.state === "done");
      expect(jobs.get(id)?.left).toEqual(audited);
    }
  });

  test("that worked are done with their counts, also while what is left is looked up and if that fails", async () => {
    const looked = Promise.withResolvers<LettersLeft>();
    const { jobs, runs } = setUp(() => looked.promise);
    const filter = { ...request.filter, of: { index: "app", field: "n" } };
    jobs.start({ ...request, filter });
    await eventually("it runs", () => runs.length === 1);
    runs[0]?.done.resolve(replayResult({ indexed: 5 }));
    await eventually("its counts are known", () => jobs.get("id-1")?.result !== null);
    expect(jobs.get("id-1")).toMatchObject({ state: "running", result: { indexed: 5 }, left: null });
    looked.reject(new Error("no right to refresh"));
    await eventually("it has ended", () => jobs.get("id-1")?.state !== "running");
    expect(jobs.get("id-1")).toMatchObject({
      state: "done",
      error: null,
      result: { indexed: 5 },
      left: {
        states: noStates,
        statesProblems: ["what is left is unknown: no right to refresh"],
        complete: false,
      },
    });
  });

  test("make a proposed change first, and replay nothing if it cannot be made", async () => {
    const { jobs, runs, requests, logger } = setUp();
    const about = {
      proposal: "new-index",
      request: { method: "PUT", path: "/app-mended", body: {} },
    } as const;
    const { job } = jobs.start(request, { about, make: () => Promise.resolve("app-mended") });
    expect(job.change).toEqual({ ...about, made: false });
    await eventually("it runs", () => runs.length === 1);
    expect(jobs.get(job.id)).toMatchObject({
      change: { ...about, made: true },
      request: { index: "app-mended" },
    });
    expect(requests[0]?.index).toBe("app-mended");
    const told = logger.lines.map(({ message, fields }) =>
      eventOf(message, fields ?? {}, { at: 0, host: "h", hide: String }),
    );
    // The change stays in the history, with the request.
    expect(told).toContainEqual(
      expect.objectContaining({ topics: ["app"], fields: { id: job.id, ...about } }),
    );
    runs[0]?.done.resolve(replayResult());
    await eventually("it is done", () => jobs.get(job.id)?.state === "done");

    const refused = jobs.start(request, { about, make: () => Promise.reject(new Error("no such index")) });
    await eventually("it failed", () => jobs.get(refused.job.id)?.state === "failed");
    expect(jobs.get(refused.job.id)).toMatchObject({ error: "no such index", change: { made: false } });
    expect(runs).toHaveLength(1);

    const unchanged = { about: { proposal: "as-it-is", request: null }, make: () => Promise.resolve(null) };
    jobs.start(request, unchanged);
    await eventually("it runs too", () => runs.length === 2);
    const changes = logger.lines.filter(({ message }) => message.includes("a proposed change was made"));
    expect(changes.map(({ fields }) => fields?.["proposal"])).toEqual(["new-index"]);
  });

  test("are forgotten, the oldest first", async () => {
    const { jobs, runs } = setUp();
    for (let n = 1; n <= 12; n += 1) {
      expect(jobs.start(request).kind).toBe("started");
      await eventually("it runs", () => runs.length === n);
      runs[n - 1]?.done.resolve(replayResult());
      await eventually("it is done", () => jobs.get(`id-${n}`)?.state === "done");
    }
    expect([1, 2, 3, 12].map((n) => jobs.get(`id-${n}`) !== null)).toEqual([false, false, true, true]);
  });

  test("end with the host", async () => {
    const { jobs, runs } = setUp();
    jobs.start(request);
    await eventually("it runs", () => runs.length === 1);
    await jobs.stop();
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(jobs.get("id-1")).toMatchObject({ state: "failed", error: "the host is stopping" });
    expect(() => jobs.start(request)).toThrow(hostStopping());
    expect(hostStopping()).toMatchObject({ code: "stopping", retryable: true });
  });
});
