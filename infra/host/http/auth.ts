import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { isLoopbackHost, isLoopbackHostname } from "../../../lib/rules/loopback.ts";
import type { Secret } from "../../../lib/rules/secret.ts";
import type { HttpSettings } from "../../../lib/rules/settings.ts";
import { hostOf, originOf } from "./origin.ts";
import { isPageOrAsset } from "./page.ts";
import { problem } from "./problem.ts";
import { sameSecret, type Sessions } from "./sessions.ts";

/** The name of the session's cookie. */
export const sessionCookie = "penstock_session";

declare module "hono" {
  interface ContextVariableMap {
    /** Set by the guard: whether this very request would still be let in, asked while its answer goes on. */
    isStillAllowed: () => boolean;
  }
}

/** Paths that hold no data, and so need no token. */
function isOpen(path: string): boolean {
  return ["/session", "/healthz", "/readyz"].includes(path) || isPageOrAsset(path);
}
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Who may ask what. Without a token: only this machine, by a loopback name (or DNS rebinding would let any web page in),
 * and no foreign page. With one: whoever sends it, as a header or as the cookie it was traded for.
 *
 * Settings are read at each request: the token may change while the host runs.
 */
export function guard(settings: () => HttpSettings, sessions: Sessions): MiddlewareHandler {
  return async (c, next) => {
    const refusal = (): Response | null => {
      const { token, hostname, openMetrics } = settings();
      if (token === null) return refuseStranger(c, hostname);
      if (isOpen(c.req.path) || (openMetrics && c.req.path === "/metrics")) return null;
      return refuseUncredentialed(c, token, sessions);
    };
    c.set("isStillAllowed", () => refusal() === null);
    return refusal() ?? next();
  };
}

function refuseStranger(c: Context, hostname: string): Response | null {
  if (!isLoopbackHostname(hostname)) {
    return problem(c, 403, "Without http.token this host answers on a loopback address only.");
  }
  if (!isLoopbackHost(hostOf(c.req) ?? "")) {
    return problem(c, 403, "Without http.token the Host header must name a loopback address or localhost.");
  }
  return originOf(c.req) === "foreign" ? refuseForeignOrigin(c) : refuseForeignPage(c);
}

function refuseUncredentialed(c: Context, token: Secret, sessions: Sessions): Response | null {
  const header = c.req.header("authorization");
  if (header !== undefined) {
    const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
    if (given === undefined) {
      return unauthorized(c, "The Authorization header must read: Bearer <token>.", "invalid_request");
    }
    return sameSecret(given, token) ? null : unauthorized(c, "That token was not accepted.", "invalid_token");
  }
  const session = getCookie(c, sessionCookie);
  if (session === undefined) {
    return unauthorized(c, "An access token is needed: Authorization: Bearer <token>, or sign in at /.");
  }
  if (!sessions.holds(session, token)) return unauthorized(c, "The session has ended. Sign in again.");
  return refuseForgedWrite(c) ?? refuseForeignPage(c);
}

/**
 * Other sites' pages can send GETs without an Origin. They see no answer, but the work would be done. Browsers say of
 * each request where it comes from (Fetch Metadata, https://www.w3.org/TR/fetch-metadata/); a link to a page is followed.
 */
function refuseForeignPage(c: Context): Response | null {
  const site = c.req.header("sec-fetch-site");
  if (site !== "cross-site" && site !== "same-site") return null;
  if (c.req.header("sec-fetch-mode") === "navigate" && isPageOrAsset(c.req.path)) return null;
  return problem(
    c,
    403,
    "Pages of other sites may not ask this host; a link may lead to the console's pages.",
  );
}

/** A browser adds the cookie by itself, so a write that rests on it has to come from one of our own pages. */
export function refuseForgedWrite(c: Context): Response | null {
  return safeMethods.has(c.req.method) || originOf(c.req) === "own" ? null : refuseForeignOrigin(c);
}

export function refuseForeignOrigin(c: Context): Response {
  return problem(c, 403, "The Origin header must name this host itself.");
}

/** A 401 with the challenge RFC 6750 (section 3) asks for; no `error` code where no credential was sent. */
export function unauthorized(
  c: Context,
  detail: string,
  error?: "invalid_request" | "invalid_token",
): Response {
  const challenge = `Bearer realm="penstock"${error === undefined ? "" : `, error="${error}"`}`;
  return problem(c, 401, detail, { headers: { "www-authenticate": challenge } });
}
