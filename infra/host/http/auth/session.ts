import type { Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import { accessOf } from "./access.ts";
import {
  type GuardDeps,
  refuseForeignOrigin,
  refuseForeignPage,
  refuseForgedWrite,
  sessionAccess,
  sessionOf,
} from "./auth.ts";
import { isSecure, originOf } from "./origin.ts";
import { problem } from "../kit/problem.ts";
import { mount } from "../kit/mount.ts";
import { secureSessionCookie, session, type SessionAnswer, sessionCookie } from "../../../api/session.ts";
import { sessionSeconds } from "./sessions.ts";

/** Signs a browser in and out, and says what it may do. */
export function addSessionRoutes(app: Hono, deps: GuardDeps): void {
  const { sessions, refuseToken } = deps;
  const { show, open, close } = session.routes;
  mount(app, show, (_, c) => {
    const { token, readOnlyToken } = deps.settings();
    const refusal = refuseForeignPage(c);
    if (refusal !== null) return refusal;
    const id = sessionOf(c);
    const access =
      token === null
        ? "full"
        : id === undefined
          ? null
          : sessionAccess(id, { token, readOnlyToken }, sessions);
    return c.json({ access } satisfies SessionAnswer);
  });
  mount(app, open, async ({ body }, c) => {
    const { token, readOnlyToken } = deps.settings();
    if (token === null) return problem(c, 404, "No http.token is set: there is no need to sign in.");
    if (originOf(c.req) === "foreign") return refuseForeignOrigin(c);
    const refusal = refuseForeignPage(c);
    if (refusal !== null) return refusal;
    const given = await body();
    if (accessOf(given, { token, readOnlyToken }) === null) return refuseToken(c);
    const isSecured = isSecure(c.req);
    const name = isSecured ? secureSessionCookie : sessionCookie;
    setCookie(c, name, sessions.open(new Secret(given)), cookieOptions(isSecured, sessionSeconds));
    return c.body(null, 204);
  });
  mount(app, close, (_, c) => {
    const id = sessionOf(c);
    if (id !== undefined) {
      const refusal = refuseForgedWrite(c);
      if (refusal !== null) return refusal;
      sessions.close(id);
    }
    if (isSecure(c.req)) deleteCookie(c, secureSessionCookie, cookieOptions(true, 0));
    deleteCookie(c, sessionCookie, cookieOptions(isSecure(c.req), 0));
    return c.body(null, 204);
  });
}

function cookieOptions(secure: boolean, maxAge: number) {
  return { path: "/", httpOnly: true, sameSite: "Strict", secure, maxAge } as const;
}
