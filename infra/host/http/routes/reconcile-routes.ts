import type { Hono } from "hono";
import type { ReconcileResult } from "../../../../functions/reconcile-topics.ts";
import { reconcile, type ReconcileAnswer } from "../../../api/reconcile.ts";
import type { WantedRun } from "../../reconcile/reconcile-loop.ts";
import { readText } from "../kit/input.ts";
import { mount } from "../kit/mount.ts";
import { problem } from "../kit/problem.ts";

export interface ReconcileRouteDeps {
  reconcile(wanted: WantedRun): Promise<ReconcileResult>;
}

/** Runs a reconcile; with `plan`, only if it would still do what the plan with that hash does. */
export function addReconcileRoutes(app: Hono, deps: ReconcileRouteDeps): void {
  mount(app, reconcile.routes.run, async ({ query: { dryRun, accept, plan: expectedHash = null } }, c) => {
    // The content is ignored, but while a body is unread the shorter time limit for bodies applies.
    await readText(c);
    const acceptEtcd = accept !== undefined;
    const result = await deps.reconcile({ dryRun, acceptEtcd, expectedHash, asIf: null, reason: "http" });
    if (!dryRun && !result.carriedOut) {
      return problem(c, 409, "The plan changed. Review again.", { members: { hash: result.hash } });
    }
    const { plan, hash, conflicts, excluded, sources, failed, interrupted, durationMs } = result;
    const answer = { dryRun, plan, hash, conflicts, excluded, sources, failed, interrupted, durationMs };
    return c.json(answer satisfies ReconcileAnswer);
  });
}
