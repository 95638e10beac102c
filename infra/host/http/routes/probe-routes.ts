import type { Context, Hono } from "hono";
import { type HealthResult, withoutReasons } from "../../../../functions/health.ts";
import { metricsContentType } from "../../../../lib/adapters/metrics/metrics.ts";
import type { ListedTopic } from "../../../../lib/rules/progress/holdings.ts";
import { probes } from "../../../api/probes.ts";
import { topics } from "../../../api/topics.ts";
import { mount } from "../kit/mount.ts";
import { problem } from "../kit/problem.ts";

/** What these routes answer with. They read memory; only the first list of topics may wait for Elasticsearch, briefly. */
export interface ProbeRouteDeps {
  topics(): Promise<readonly ListedTopic[]>;
  health(): HealthResult;
  /** Prometheus text, as `metricsContentType` describes it. */
  metricsText(): Promise<string>;
}

export function addProbeRoutes(app: Hono, deps: ProbeRouteDeps): void {
  const { health, readiness, metrics } = probes.routes;
  mount(app, health, (_, c) => c.body("ok\n", 200, { "content-type": "text/plain; charset=utf-8" }));
  mount(app, readiness, (_, c) => answerReadiness(c, deps.health(), c.get("isKnown")()));
  mount(app, metrics, async (_, c) =>
    c.body(await deps.metricsText(), 200, { "content-type": metricsContentType }),
  );
  mount(app, topics.routes.list, async (_, c) => c.json(await deps.topics()));
}

/** Probes have no token: strangers learn what fails, but not why, because reasons name servers, users and files. */
function answerReadiness(c: Context, health: HealthResult, isKnown: boolean): Response {
  const shown = isKnown ? health : withoutReasons(health);
  if (shown.status === "ready") return c.json(shown);
  const failing = Object.entries(shown.checks)
    .filter(([, check]) => !check.ok)
    .map(([name, { reason }]) => (reason === null ? name : `${name} (${reason})`));
  const where = isKnown ? "" : " The log says why; with a token, this path does too.";
  return problem(c, 503, `Not ready: ${failing.join("; ")}.${where}`, { members: { checks: shown.checks } });
}
