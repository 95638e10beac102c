import type { Context, Hono } from "hono";
import type { ReconcileResult } from "../../../../functions/reconcile-topics.ts";
import { planHashPattern } from "../../../../lib/rules/plan/plan-hash.ts";
import type { WantedRun } from "../../reconcile/reconcile-loop.ts";
import { readText } from "../kit/body.ts";
import { problem, quoted } from "../kit/problem.ts";
import { choiceFault, readQuery } from "../kit/query.ts";
import { addRoute } from "../kit/routes.ts";

export interface ReconcileRouteDeps {
  reconcile(wanted: WantedRun): Promise<ReconcileResult>;
}

/**
 * POST /reconcile brings what runs in line with what is declared: with `plan=<hash>` only if that does what the plan of
 * this hash does, with `dryRun=true` not at all.
 */
export function addReconcileRoute(app: Hono, deps: ReconcileRouteDeps): void {
  addRoute(app, "/reconcile", {
    POST: async (c) => {
      const wanted = parseReconcile(c);
      if (typeof wanted === "string") return problem(c, 400, wanted);
      // Nothing in it counts, but the time for it would else run out while the answer is waited for.
      await readText(c);
      const result = await deps.reconcile(wanted);
      if (!wanted.dryRun && !result.carriedOut) {
        return problem(c, 409, "The plan changed. Review again.", { members: { hash: result.hash } });
      }
      const { plan, hash, conflicts, sources, failed, interrupted, durationMs } = result;
      const { dryRun } = wanted;
      return c.json({ dryRun, plan, hash, conflicts, sources, failed, interrupted, durationMs });
    },
  });
}

/** Returns what is wrong as a sentence. */
function parseReconcile(c: Context): WantedRun | string {
  const words = readQuery(c, ["dryRun", "accept", "plan"]);
  if (typeof words === "string") return words;
  const { dryRun, accept, plan = null } = words;
  const fault = choiceFault("dryRun", dryRun, ["true", "false"]) ?? choiceFault("accept", accept, ["etcd"]);
  if (fault !== null) return fault;
  if (plan !== null && !planHashPattern.test(plan)) {
    return `plan is ${quoted(plan)}: it must be the hash of a dry run's answer.`;
  }
  if (plan !== null && dryRun === "true")
    return "plan is given beside dryRun=true: a dry run carries no plan out.";
  return {
    dryRun: dryRun === "true",
    acceptEtcd: accept !== undefined,
    expectedHash: plan,
    asIf: null,
    reason: "http",
  };
}
