import type {
  ReconcileInput,
  ReconcileMemory,
  ReconcileResult,
} from "../../../functions/reconcile-topics.ts";
import { hostStopping, messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { Triggers } from "./triggers.ts";

/** Runs reconcile one at a time. Triggers that arrive during a run are merged into one more run. */
export interface ReconcileLoop {
  /**
   * Runs for a caller who waits for the result. Equal requests that arrive before it begins share the run.
   * @throws PenstockError `stopping` once the loop is stopped
   */
  run(wanted: WantedRun): Promise<ReconcileResult>;
  /** The last run that was carried out; null before the first. */
  readonly last: ReconcileResult | null;
  readonly memory: ReconcileMemory;
  /** Waits for the current run and starts no other. */
  stop(): Promise<void>;
}

/** A requested run and the reason for it. */
export interface WantedRun extends Omit<ReconcileInput, "memory"> {
  readonly reason: string;
}

export interface LoopDeps {
  readonly triggers: Triggers;
  readonly memory: ReconcileMemory;
  reconcile(input: ReconcileInput, newerTrigger: AbortSignal): Promise<ReconcileResult>;
  onResult(result: ReconcileResult, reasons: readonly string[]): void;
  readonly logger: Logger;
}

/** Interval of runs without a trigger, as a safety net for lost events. */
const RESYNC_MS = 30_000;
/** Delay before an interrupted run continues, unless a trigger is waiting, whose run follows at once. */
const CONTINUE_MS = 500;

export function createReconcileLoop(deps: LoopDeps): ReconcileLoop {
  const { triggers } = deps;
  let { memory } = deps;
  let last: ReconcileResult | null = null;
  let newer = new AbortController();
  let queue: Promise<unknown> = Promise.resolve();
  let queued = false;
  /** Requested runs that have not begun. */
  const awaited = new Map<string, Promise<ReconcileResult>>();
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const again = (afterMs: number, reason: string): void => {
    if (timer !== null) clearTimeout(timer);
    timer = stopped ? null : setTimeout(() => triggers.push(reason), afterMs);
  };

  const runOnce = async (
    input: Omit<ReconcileInput, "memory">,
    why: readonly string[],
  ): Promise<ReconcileResult> => {
    newer = new AbortController();
    const result = await deps.reconcile({ ...input, memory }, newer.signal);
    if (!result.carriedOut) return result;
    ({ memory } = result);
    last = result;
    deps.onResult(result, why);
    const { interrupted, lookAgainMs } = result;
    // A trigger that waits continues it: the timer would only cut that run short in turn, and so on without end.
    if (interrupted && !queued) again(CONTINUE_MS, "continue");
    else if (lookAgainMs !== null) again(lookAgainMs, "a source or a setting is due again");
    else again(RESYNC_MS, "resync");
    return result;
  };

  const enqueue = <T>(step: () => Promise<T>): Promise<T> => {
    const done = queue.then(step);
    queue = done.catch(() => {});
    return done;
  };

  triggers.onPush(() => {
    if (stopped) return;
    newer.abort(new Error("a newer trigger waits"));
    if (queued) return;
    queued = true;
    void enqueue(async () => {
      queued = false;
      const why = triggers.take();
      if (stopped) return;
      try {
        await runOnce({ dryRun: false, acceptEtcd: false, expectedHash: null, asIf: null }, why);
      } catch (error) {
        // A bug: failures of servers are part of the result.
        deps.logger.error("reconcile failed", { reasons: why, error: messageOf(error) });
        again(RESYNC_MS, "resync");
      }
    });
  });

  return {
    run({ reason, dryRun, acceptEtcd, expectedHash, asIf }) {
      const input = { dryRun, acceptEtcd, expectedHash, asIf };
      const kind = JSON.stringify(input);
      const shared = awaited.get(kind);
      if (shared !== undefined) return shared;
      const done = enqueue(async () => {
        awaited.delete(kind);
        if (stopped) throw hostStopping();
        return runOnce(input, [reason]);
      });
      awaited.set(kind, done);
      return done;
    },
    get last() {
      return last;
    },
    get memory() {
      return memory;
    },
    async stop() {
      stopped = true;
      newer.abort(new Error("the host is stopping"));
      if (timer !== null) clearTimeout(timer);
      await queue;
    },
  };
}
