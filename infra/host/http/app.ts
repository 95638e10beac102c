import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { metricsContentType } from "../../../lib/adapters/metrics.ts";
import { PenstockError } from "../../../lib/rules/errors.ts";
import type { Logger } from "../../../lib/rules/logger.ts";
import type { HttpSettings } from "../../../lib/rules/settings.ts";
import { guard } from "./auth.ts";
import { addLiveRoutes, type LiveRouteDeps } from "./live-routes.ts";
import { addPageRoutes, type PageRouteDeps } from "./page.ts";
import { addIngestRoute, maxEventBytes, type IngestRouteDeps } from "./ingest-route.ts";
import { openApiDocument } from "./openapi/document.ts";
import { subjects } from "./openapi/subjects.ts";
import { addDeclarationRoutes, type DeclarationRouteDeps } from "./declaration-routes.ts";
import { addLogRoutes, type LogRouteDeps } from "./log-routes.ts";
import { problem, refuseStopping } from "./problem.ts";
import { addReconcileRoute, type ReconcileRouteDeps } from "./reconcile-route.ts";
import { addReplayRoutes, type ReplayRouteDeps } from "./replay-routes.ts";
import { addDataRoutes, addRoute, type RouteDeps } from "./routes.ts";
import { addSessionRoutes } from "./session.ts";
import { createSessions } from "./sessions.ts";

export interface HttpDeps
  extends
    RouteDeps,
    ReconcileRouteDeps,
    DeclarationRouteDeps,
    ReplayRouteDeps,
    IngestRouteDeps,
    LiveRouteDeps,
    PageRouteDeps {
  readonly logs: Omit<LogRouteDeps, "now">;
  /** The settings now in force. */
  settings(): HttpSettings;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A longer body is answered 413. */
const maxBodyBytes = 64 * 1024;

/** The host's HTTP face, without a port: the contract's routes and who may ask them. */
export function createHttpApp(deps: HttpDeps): Hono {
  const app = new Hono();
  const sessions = createSessions(() => deps.now());
  const settings = () => deps.settings();

  app.use((c, next) => {
    c.set("logger", deps.logger);
    return next();
  });
  app.use(securityHeaders);
  app.use(guard(settings, sessions));
  app.use(limitBody);
  addPageRoutes(app, deps);
  addSessionRoutes(app, settings, sessions);
  addDataRoutes(app, deps, metricsContentType);
  addReconcileRoute(app, deps);
  addDeclarationRoutes(app, deps);
  addReplayRoutes(app, deps);
  addLiveRoutes(app, deps);
  addIngestRoute(app, deps);
  addLogRoutes(app, { ...deps.logs, now: () => deps.now() });
  addDescription(app);

  app.notFound((c) => problem(c, 404, "There is nothing at this path."));
  app.onError((error, c) => {
    if (error instanceof PenstockError && error.code === "stopping") return refuseStopping(c);
    deps.logger.error("HTTP request failed", { method: c.req.method, path: c.req.path, error });
    return problem(c, 500, "The request failed; the host's log says why.");
  });
  return app;
}

/** Put together when it is first asked for: most hosts never are. */
function addDescription(app: Hono): void {
  let description: string | null = null;
  addRoute(app, "/openapi.json", {
    GET: (c) => {
      description ??= JSON.stringify(openApiDocument(subjects));
      return c.body(description, 200, { "content-type": "application/json" });
    },
  });
}

const bodyLimitOf = (maxSize: number): MiddlewareHandler =>
  bodyLimit({ maxSize, onError: (c) => problem(c, 413, `The body is over ${maxSize} bytes.`) });
const limitForEvents = bodyLimitOf(maxEventBytes);
const limitForOthers = bodyLimitOf(maxBodyBytes);

/** By the length that is said, before anything is read; where none is, while it is read. */
const limitBody: MiddlewareHandler = (c, next) =>
  (c.req.path === "/ingest" ? limitForEvents : limitForOthers)(c, next);

const contentSecurityPolicy = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "connect-src", "form-action"].map((name) => `${name} 'self'`),
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** On every answer, errors too. Nothing is stored but what says otherwise: data is old in seconds. */
const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  c.header("content-security-policy", contentSecurityPolicy);
  c.header("x-content-type-options", "nosniff");
  c.header("x-frame-options", "DENY");
  c.header("referrer-policy", "no-referrer");
  c.header("cross-origin-resource-policy", "same-origin");
  c.header("cross-origin-opener-policy", "same-origin");
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
};
