import type {
  ReconcileInput,
  ReconcileMemory,
  ReconcileResult,
} from "../../../functions/reconcile-topics.ts";
import { hostStopping, messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";

/** Runs reconcile one at a time; triggers that come meanwhile become one more run. */
export interface ReconcileLoop {
  /** Something may have changed. Says why, never what. */
  trigger(reason: string): void;
  /**
   * Runs for somebody who waits for the result; whoever asks for the same before it has begun shares it.
   * @throws PenstockError `stopping` once the loop is stopped
   */
  run(wanted: WantedRun): Promise<ReconcileResult>;
  /** The last run that was carried out; null before the first. */
  readonly last: ReconcileResult | null;
  readonly memory: ReconcileMemory;
  /** Lets a run under way end and starts no other. */
  stop(): Promise<void>;
}

/** What somebody wants of a run, and why. */
export interface WantedRun extends Omit<ReconcileInput, "memory"> {
  readonly reason: string;
}

export interface LoopDeps {
  readonly memory: ReconcileMemory;
  reconcile(input: ReconcileInput, newerTrigger: AbortSignal): Promise<ReconcileResult>;
  onResult(result: ReconcileResult, reasons: readonly string[]): void;
  readonly logger: Logger;
}

/** How often everything is compared without any trigger: the net under lost events. */
const RESYNC_MS = 30_000;
/** A run that was cut short left something to do. */
const CONTINUE_MS = 500;

export function createReconcileLoop(deps: LoopDeps): ReconcileLoop {
  let { memory } = deps;
  let last: ReconcileResult | null = null;
  let reasons = new Set<string>();
  let newer = new AbortController();
  let queue: Promise<unknown> = Promise.resolve();
  let queued = false;
  /** Runs that somebody waits for and that have not begun. */
  const awaited = new Map<string, Promise<ReconcileResult>>();
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const again = (afterMs: number, reason: string): void => {
    if (timer !== null) clearTimeout(timer);
    timer = stopped ? null : setTimeout(() => trigger(reason), afterMs);
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
    if (interrupted) again(CONTINUE_MS, "continue");
    else if (lookAgainMs !== null) again(lookAgainMs, "a source stood still");
    else again(RESYNC_MS, "resync");
    return result;
  };

  const enqueue = <T>(step: () => Promise<T>): Promise<T> => {
    const done = queue.then(step);
    queue = done.catch(() => {});
    return done;
  };

  const trigger = (reason: string): void => {
    if (stopped) return;
    reasons.add(reason);
    newer.abort(new Error("a newer trigger waits"));
    if (queued) return;
    queued = true;
    void enqueue(async () => {
      queued = false;
      const why = [...reasons];
      reasons = new Set();
      if (stopped) return;
      try {
        await runOnce({ dryRun: false, acceptEtcd: false, expectedHash: null, asIf: null }, why);
      } catch (error) {
        // A fault of ours; what servers do ends in the result.
        deps.logger.error("reconcile failed", { reasons: why, error: messageOf(error) });
        again(RESYNC_MS, "resync");
      }
    });
  };

  return {
    trigger,
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
      newer.abort(new Error("the host stops"));
      if (timer !== null) clearTimeout(timer);
      await queue;
    },
  };
}
