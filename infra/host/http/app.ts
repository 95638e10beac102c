import { Hono, type MiddlewareHandler } from "hono";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { HttpSettings } from "../../../lib/rules/model/settings.ts";
import { isLoopbackHost } from "../../../lib/rules/secrets/loopback.ts";
import type { IngestTaker } from "../services/ingest-service.ts";
import { type GuardDeps, guard, wrongToken } from "./auth/auth.ts";
import { hostOf, isOwnTls } from "./auth/origin.ts";
import { addSessionRoutes } from "./auth/session.ts";
import { createSessions } from "./auth/sessions.ts";
import { createWrongTokens } from "./auth/wrong-tokens.ts";
import { bindingsOf } from "./kit/event-stream.ts";
import { limitBody, refuseOtherMethods, seeksPage } from "./kit/mount.ts";
import { problem, refuseStopping } from "./kit/problem.ts";
import type { PeerGate } from "../fleet/peer-gate.ts";
import { addDeclarationRoutes, type DeclarationRouteDeps } from "./routes/declaration-routes.ts";
import { addFleetRoutes, type FleetRouteDeps } from "./routes/fleet/fleet-routes.ts";
import { addHistoryRoutes, type HistoryRouteDeps } from "./routes/history/history-routes.ts";
import { addIngestRoutes } from "./routes/ingest-routes.ts";
import { addKafkaRoutes, type KafkaRouteDeps } from "./routes/kafka/record-routes.ts";
import { addLetterRoutes, type LetterRouteDeps } from "./routes/letters/letter-routes.ts";
import { addMendingRoutes, type MendingRouteDeps } from "./routes/letters/mending-routes.ts";
import { addLiveRoutes, type LiveRouteDeps } from "./routes/live-routes.ts";
import { addLogRoutes, type LogRouteDeps } from "./routes/log/log-routes.ts";
import { addPageRoutes, noSuchPage, type PageRouteDeps } from "./routes/page-routes.ts";
import { addProbeRoutes, type ProbeRouteDeps } from "./routes/probe-routes.ts";
import { addReconcileRoutes, type ReconcileRouteDeps } from "./routes/reconcile-routes.ts";
import { addReplayRoutes, type ReplayRouteDeps } from "./routes/replay-routes.ts";
import { addTopicRoutes, type TopicRouteDeps } from "./routes/topic-routes.ts";

export interface HttpDeps
  extends
    ProbeRouteDeps,
    ReconcileRouteDeps,
    DeclarationRouteDeps,
    ReplayRouteDeps,
    LetterRouteDeps,
    MendingRouteDeps,
    IngestTaker,
    HistoryRouteDeps,
    LiveRouteDeps,
    TopicRouteDeps,
    FleetRouteDeps,
    PageRouteDeps {
  readonly logs: Omit<LogRouteDeps, "now" | "hasToken">;
  readonly kafka: Omit<KafkaRouteDeps, "now">;
  readonly peers: PeerGate;
  /** The current settings. */
  settings(): HttpSettings;
  readonly logger: Logger;
  readonly failures: Pick<ThrottledLogger, "warn">;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The host's HTTP interface, without a port. Everything but the handlers follows from the definitions in infra/api. */
export function createHttpApp(deps: HttpDeps): Hono {
  const app = new Hono();
  const who: GuardDeps = {
    settings: () => deps.settings(),
    sessions: createSessions(() => deps.now()),
    peers: deps.peers,
    refuseToken: refusingTokens(deps),
  };

  app.use((c, next) => {
    c.set("logger", deps.logger);
    return next();
  });
  app.use(securityHeaders);
  app.use(guard(who));
  app.use(limitBody);
  addPageRoutes(app, deps);
  addSessionRoutes(app, who);
  addProbeRoutes(app, deps);
  addReconcileRoutes(app, deps);
  addDeclarationRoutes(app, deps);
  addReplayRoutes(app, deps);
  addLetterRoutes(app, deps);
  addMendingRoutes(app, deps);
  addTopicRoutes(app, deps);
  addFleetRoutes(app, deps);
  addLiveRoutes(app, deps);
  addHistoryRoutes(app, deps);
  addIngestRoutes(app, deps);
  const hasToken = (): boolean => deps.settings().token !== null;
  addLogRoutes(app, { ...deps.logs, now: () => deps.now(), hasToken });
  addKafkaRoutes(app, { ...deps.kafka, now: () => deps.now() });
  refuseOtherMethods(app);

  app.notFound(async (c) =>
    seeksPage(c) ? noSuchPage(c, deps) : problem(c, 404, "There is nothing at this path."),
  );
  app.onError((error, c) => {
    if (error instanceof PenstockError && error.code === "stopping") return refuseStopping(c);
    if (c.req.raw.signal.aborted) {
      deps.logger.debug("an HTTP request was aborted", { path: c.req.path, error: messageOf(error) });
      return problem(c, 408, "The request did not arrive in time, or the client disconnected.");
    }
    deps.logger.error("HTTP request failed", { method: c.req.method, path: c.req.path, error });
    return problem(c, 500, "The request failed; the host's log says why.");
  });
  return app;
}

/** Answers a wrong token, counts it and logs it. */
function refusingTokens({ now, failures }: Pick<HttpDeps, "now" | "failures">): GuardDeps["refuseToken"] {
  const wrongTokens = createWrongTokens(now);
  return (c) => {
    const address = bindingsOf(c).clientAddress?.() ?? null;
    const waitSeconds = wrongTokens.count(address);
    failures.warn("a wrong access token was sent", { reason: "wrong_token", address });
    if (waitSeconds === null) return wrongToken(c);
    return problem(c, 429, "Too many wrong tokens came from there. A right one is still let in.", {
      headers: { "retry-after": String(waitSeconds) },
    });
  };
}

const contentSecurityPolicy = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "connect-src", "form-action"].map((name) => `${name} 'self'`),
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** The console needs no permission that a browser can grant. */
const permissionsPolicy = ["camera", "display-capture", "geolocation", "microphone", "payment", "usb"]
  .map((name) => `${name}=()`)
  .join(", ");

/** On every answer, also on errors. Answers are not stored unless they say otherwise: data is outdated in seconds. */
const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  c.header("content-security-policy", contentSecurityPolicy);
  c.header("permissions-policy", permissionsPolicy);
  // HSTS counts for every port of a name, and localhost belongs to everything on the machine.
  if (isOwnTls(c.req) && !isLoopbackHost(hostOf(c.req) ?? "")) {
    c.header("strict-transport-security", "max-age=31536000");
  }
  c.header("x-content-type-options", "nosniff");
  c.header("x-frame-options", "DENY");
  c.header("referrer-policy", "no-referrer");
  c.header("cross-origin-resource-policy", "same-origin");
  c.header("cross-origin-opener-policy", "same-origin");
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
};
