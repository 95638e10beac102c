import type { ReconcileResult } from "../../functions/reconcile-topics.ts";
import { settings } from "./settings.ts";

/** The result of a run with nothing to do, with the given changes. */
export function reconcileResult(changes: Partial<ReconcileResult> = {}): ReconcileResult {
  return {
    memory: {
      settings: settings(),
      declarations: [],
      failedProbes: [],
      stillness: null,
      etcd: null,
      seenMissing: new Set(),
    },
    carriedOut: true,
    plan: { start: [], stop: [], replace: [], keep: [], pending: [], refused: [] },
    hash: "x".repeat(43),
    conflicts: [],
    excluded: [],
    sources: { config: { ok: true, error: null, declarations: 0 }, etcd: null },
    lookAgainMs: null,
    kafka: { ok: true, error: null },
    started: [],
    stopped: [],
    replaced: [],
    failed: [],
    interrupted: false,
    durationMs: 1,
    ...changes,
  };
}
