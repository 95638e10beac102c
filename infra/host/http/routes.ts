import type { Context, Handler, Hono } from "hono";
import type { HealthResult } from "../../../functions/health.ts";
import type { TopicStatus } from "../../../lib/rules/status.ts";
import { problem, quoted } from "./problem.ts";

/** What a caller may ask of a reconcile. */
export interface ReconcileRequest {
  /** True: answer with the plan, touch nothing. */
  readonly dryRun: boolean;
  /** `etcd`: take what etcd says now although its revision or cluster jumped. */
  readonly accept: "etcd" | null;
  /** What set it off, for the log. */
  readonly reason: string;
}

/** What the data routes answer with. All but `reconcile` read memory only. */
export interface RouteDeps {
  topics(): readonly TopicStatus[];
  health(): HealthResult;
  /** Prometheus text, as `metricsContentType` describes it. */
  metricsText(): Promise<string>;
  /** Resolves to what is sent as JSON. */
  reconcile(request: ReconcileRequest): Promise<unknown>;
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
  addRoute(app, "/reconcile", {
    POST: async (c) => {
      const request = parseReconcile(c.req.queries());
      if (typeof request === "string") return problem(c, 400, request);
      const answer = await deps.reconcile(request);
      return c.body(JSON.stringify(answer), 200, { "content-type": "application/json" });
    },
  });
}

function answerReadiness(c: Context, health: HealthResult): Response {
  if (health.status === "ready") return c.json(health);
  const failing = Object.entries(health.checks)
    .filter(([, check]) => !check.ok)
    .map(([name, check]) => `${name} (${check.reason ?? "no reason given"})`);
  return problem(c, 503, `Not ready: ${failing.join("; ")}.`, { members: { checks: health.checks } });
}

/** Returns what is wrong as a sentence. Unknown names are refused: `?dryrun=true` must not reconcile for real. */
function parseReconcile(query: Record<string, string[]>): ReconcileRequest | string {
  const rules: Record<string, readonly string[]> = { dryRun: ["true", "false"], accept: ["etcd"] };
  for (const [name, values] of Object.entries(query)) {
    const allowed = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (allowed === undefined) return `Unknown parameter ${quoted(name)}: it must be dryRun or accept.`;
    if (values.length > 1) return `${name} is given ${values.length} times: it may be given once.`;
    const value = values[0] ?? "";
    if (!allowed.includes(value)) return `${name} is ${quoted(value)}: it must be ${allowed.join(" or ")}.`;
  }
  return {
    dryRun: query.dryRun?.[0] === "true",
    accept: query.accept === undefined ? null : "etcd",
    reason: "http",
  };
}
