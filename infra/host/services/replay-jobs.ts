import {
  NO_OUTCOMES,
  type ReplayProgress,
  type ReplayResult,
} from "../../../functions/replay-dead-letters.ts";
import { hostStopping, messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { ReplayRequest } from "../../../lib/rules/dead-letters/replay-request.ts";
import type { LettersLeft } from "../../../functions/letters-left.ts";
import { noStates } from "../../../lib/rules/dead-letters/letter-state.ts";
import type { ReplayJob } from "../../api/letters/dead-letters.ts";

/** Replays requested over HTTP. They run one at a time, and the last few are remembered. */
export interface ReplayJobs {
  /**
   * Starts a replay, or returns the one that is running.
   * @throws PenstockError `stopping` once stopped
   */
  start(
    request: ReplayRequest,
    change?: ChangeBefore,
  ): { readonly kind: "started" | "busy"; readonly job: ReplayJob };
  /** Null if unknown or forgotten. */
  get(id: string): ReplayJob | null;
  /** Aborts the running replay and starts no other. */
  stop(): Promise<void>;
}

/** What is changed in Elasticsearch before a replay. */
export interface ChangeBefore {
  readonly about: Omit<NonNullable<ReplayJob["change"]>, "made">;
  /**
   * @returns the index that the letters then go to; null: as the request says
   * @throws PenstockError if it cannot be made; nothing is replayed then
   */
  make(signal: AbortSignal): Promise<string | null>;
}

export interface ReplayJobsDeps {
  replay(
    request: ReplayRequest,
    onProgress: (progress: ReplayProgress) => void,
    signal: AbortSignal,
  ): Promise<ReplayResult>;
  /** What is left of the letters that a replay was to take. */
  left(request: ReplayRequest, signal: AbortSignal): Promise<LettersLeft>;
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

  const changeFirst = async (
    id: string,
    request: ReplayRequest,
    before: ChangeBefore,
  ): Promise<ReplayRequest> => {
    const { about } = before;
    const index = (await before.make(life.signal)) ?? request.index;
    const job = jobs.get(id);
    if (job !== undefined)
      change(id, { change: { ...about, made: true }, request: { ...job.request, index } });
    if (about.request !== null)
      logger.info("a proposed change was made before a replay", {
        id,
        topic: request.filter.topic,
        ...about,
      });
    return { ...request, index };
  };

  /** Of a replay that worked, whatever becomes of this look. */
  const leftOf = async (id: string, request: ReplayRequest): Promise<LettersLeft> => {
    try {
      return await deps.left(request, life.signal);
    } catch (error) {
      const problem = `what is left is unknown: ${messageOf(error)}`;
      logger.warn("what a replay left could not be looked up", { id, error: messageOf(error) });
      return { states: noStates, statesProblems: [problem], byIndex: [], complete: false };
    }
  };

  const run = async (id: string, asked: ReplayRequest, before: ChangeBefore | null): Promise<void> => {
    try {
      const request = before === null ? asked : await changeFirst(id, asked, before);
      const result = await deps.replay(request, (progress) => change(id, { progress }), life.signal);
      change(id, { result });
      // Only of a replay of one group: of all letters, it would take as long as the replay.
      const isAudited = !request.dryRun && request.filter.of !== undefined;
      const left = isAudited ? await leftOf(id, request) : null;
      change(id, { state: "done", endedAt: nowIso(), left });
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
    start(request, before) {
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
        change: before === undefined ? null : { ...before.about, made: false },
        left: null,
      };
      jobs.set(id, job);
      logger.info("a replay began", { id, ...request.filter, index: request.index, dryRun: request.dryRun });
      const [oldest] = jobs.keys();
      if (jobs.size > REMEMBERED && oldest !== undefined) jobs.delete(oldest);
      // Deferred, so that `running` is set before the replay can end.
      running = { id, ended: Promise.resolve().then(() => run(id, request, before ?? null)) };
      return { kind: "started", job };
    },
    get: (id) => jobs.get(id) ?? null,
    async stop() {
      life.abort(hostStopping());
      await running?.ended;
    },
  };
}
