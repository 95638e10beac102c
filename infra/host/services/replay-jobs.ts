import {
  NO_OUTCOMES,
  type ReplayProgress,
  type ReplayResult,
} from "../../../functions/replay-dead-letters.ts";
import { hostStopping, messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { ReplayRequest } from "../../../lib/rules/dead-letters/replay-request.ts";
import type { ReplayJob } from "../../api/dead-letters.ts";

/** Replays requested over HTTP. They run one at a time, and the last few are remembered. */
export interface ReplayJobs {
  /**
   * Starts a replay, or returns the one that is running.
   * @throws PenstockError `stopping` once stopped
   */
  start(request: ReplayRequest): { readonly kind: "started" | "busy"; readonly job: ReplayJob };
  /** Null if unknown or forgotten. */
  get(id: string): ReplayJob | null;
  /** Aborts the running replay and starts no other. */
  stop(): Promise<void>;
}

export interface ReplayJobsDeps {
  replay(
    request: ReplayRequest,
    onProgress: (progress: ReplayProgress) => void,
    signal: AbortSignal,
  ): Promise<ReplayResult>;
  newId(): string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

const REMEMBERED = 10;

export function createReplayJobs(deps: ReplayJobsDeps): ReplayJobs {
  const { now, logger } = deps;
  const jobs = new Map<string, ReplayJob>();
  const life = new AbortController();
  let running: { readonly id: string; readonly ended: Promise<void> } | null = null;

  const nowIso = (): string => new Date(now()).toISOString();
  const change = (id: string, changes: Partial<ReplayJob>): void => {
    const job = jobs.get(id);
    if (job !== undefined) jobs.set(id, { ...job, ...changes });
  };

  const run = async (id: string, request: ReplayRequest): Promise<void> => {
    try {
      const result = await deps.replay(request, (progress) => change(id, { progress }), life.signal);
      change(id, { state: "done", endedAt: nowIso(), result });
      const { byError: _byError, unrecoverablePlaces: _places, byIndex: _indices, ...counts } = result;
      const { openPlaces: _open, ...failureStores } = result.failureStores;
      logger.info("a replay finished", { id, ...counts, failureStores });
    } catch (error) {
      const message = messageOf(error);
      change(id, { state: "failed", endedAt: nowIso(), error: message });
      logger.warn("a replay failed", { id, error: message });
    } finally {
      running = null;
    }
  };

  return {
    start(request) {
      const current = running === null ? null : jobs.get(running.id);
      if (current) return { kind: "busy", job: current };
      life.signal.throwIfAborted();
      const id = deps.newId();
      const { topic, error, sinceMs, of } = request.filter;
      const job: ReplayJob = {
        id,
        state: "running",
        request: {
          topic,
          error,
          since: sinceMs === null ? null : new Date(sinceMs).toISOString(),
          index: request.index,
          refusedBy: of?.index ?? null,
          field: of?.field ?? null,
          dryRun: request.dryRun,
        },
        startedAt: nowIso(),
        endedAt: null,
        progress: { read: 0, total: 0, outcomes: NO_OUTCOMES },
        result: null,
        error: null,
      };
      jobs.set(id, job);
      logger.info("a replay began", { id, ...request.filter, index: request.index, dryRun: request.dryRun });
      const [oldest] = jobs.keys();
      if (jobs.size > REMEMBERED && oldest !== undefined) jobs.delete(oldest);
      // Deferred, so that `running` is set before the replay can end.
      running = { id, ended: Promise.resolve().then(() => run(id, request)) };
      return { kind: "started", job };
    },
    get: (id) => jobs.get(id) ?? null,
    async stop() {
      life.abort(hostStopping());
      await running?.ended;
    },
  };
}
