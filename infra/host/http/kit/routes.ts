import type { Context, Handler, Hono } from "hono";
import { type HealthResult, withoutReasons } from "../../../../functions/health.ts";
import type { TopicStatus } from "../../../../lib/rules/progress/status.ts";
import { problem } from "./problem.ts";

/** What the data routes answer with. They read memory only. */
export interface RouteDeps {
  topics(): readonly TopicStatus[];
  health(): HealthResult;
  /** Prometheus text, as `metricsContentType` describes it. */
  metricsText(): Promise<string>;
}

/** The handlers of one path by method; every other method is answered 405. GET answers HEAD too. */
export type Methods = Readonly<Partial<Record<"GET" | "POST" | "DELETE", Handler>>>;

export function addRoute(app: Hono, path: string, methods: Methods): void {
  for (const [method, handler] of Object.entries(methods)) app.on(method, path, handler);
  const allow = Object.keys(methods).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  app.all(path, (c) =>
    problem(c, 405, `${c.req.path} answers ${allow.join(", ")} only.`, {
      headers: { allow: allow.join(", ") },
    }),
  );
}

/** The routes that hold data, and the two for probes. */
export function addDataRoutes(app: Hono, deps: RouteDeps, metricsContentType: string): void {
  addRoute(app, "/healthz", {
    GET: (c) => c.body("ok\n", 200, { "content-type": "text/plain; charset=utf-8" }),
  });
  addRoute(app, "/readyz", { GET: (c) => answerReadiness(c, deps.health(), c.get("isKnown")()) });
  addRoute(app, "/metrics", {
    GET: async (c) => c.body(await deps.metricsText(), 200, { "content-type": metricsContentType }),
  });
  addRoute(app, "/topics", { GET: (c) => c.json(deps.topics()) });
}

/** Probes ask without a token: strangers learn what fails, but not why, for reasons name servers, users and files. */
function answerReadiness(c: Context, health: HealthResult, isKnown: boolean): Response {
  const shown = isKnown ? health : withoutReasons(health);
  if (shown.status === "ready") return c.json(shown);
  const failing = Object.entries(shown.checks)
    .filter(([, check]) => !check.ok)
    .map(([name, { reason }]) => (reason === null ? name : `${name} (${reason})`));
  const where = isKnown ? "" : " The log says why, and so does this path to whoever sends a token.";
  return problem(c, 503, `Not ready: ${failing.join("; ")}.${where}`, { members: { checks: shown.checks } });
}
