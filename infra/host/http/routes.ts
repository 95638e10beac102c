import type { Context, Handler, Hono } from "hono";
import type { HealthResult } from "../../../functions/health.ts";
import type { TopicStatus } from "../../../lib/rules/status.ts";
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
  addRoute(app, "/readyz", { GET: (c) => answerReadiness(c, deps.health()) });
  addRoute(app, "/metrics", {
    GET: async (c) => c.body(await deps.metricsText(), 200, { "content-type": metricsContentType }),
  });
  addRoute(app, "/topics", { GET: (c) => c.json(deps.topics()) });
}

function answerReadiness(c: Context, health: HealthResult): Response {
  if (health.status === "ready") return c.json(health);
  const failing = Object.entries(health.checks)
    .filter(([, check]) => !check.ok)
    .map(([name, check]) => `${name} (${check.reason ?? "no reason given"})`);
  return problem(c, 503, `Not ready: ${failing.join("; ")}.`, { members: { checks: health.checks } });
}
