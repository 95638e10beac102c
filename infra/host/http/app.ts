import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { metricsContentType } from "../../../lib/adapters/metrics.ts";
import type { Logger } from "../../../lib/rules/logger.ts";
import type { HttpSettings } from "../../../lib/rules/settings.ts";
import { guard } from "./auth.ts";
import { addLiveRoutes, type LiveRouteDeps } from "./live-routes.ts";
import { addPageRoutes, type PageRouteDeps } from "./page.ts";
import { problem } from "./problem.ts";
import { addReplayRoutes, type ReplayRouteDeps } from "./replay-routes.ts";
import { addDataRoutes, type RouteDeps } from "./routes.ts";
import { addSessionRoutes } from "./session.ts";
import { createSessions } from "./sessions.ts";

export interface HttpDeps extends RouteDeps, ReplayRouteDeps, LiveRouteDeps, PageRouteDeps {
  /** The settings now in force. */
  settings(): HttpSettings;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A longer body is answered 413. */
export const maxBodyBytes = 64 * 1024;

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
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (c) => problem(c, 413, `The body is over ${maxBodyBytes} bytes.`),
    }),
  );
  addPageRoutes(app, deps);
  addSessionRoutes(app, settings, sessions);
  addDataRoutes(app, deps, metricsContentType);
  addReplayRoutes(app, deps);
  addLiveRoutes(app, deps);

  app.notFound((c) => problem(c, 404, "There is nothing at this path."));
  app.onError((error, c) => {
    deps.logger.error("HTTP request failed", { method: c.req.method, path: c.req.path, error });
    return problem(c, 500, "The request failed; the host's log says why.");
  });
  return app;
}

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
