import type { Context, Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import { accessOf } from "./access.ts";
import {
  type GuardDeps,
  refuseForeignOrigin,
  refuseForeignPage,
  refuseForgedWrite,
  secureSessionCookie,
  sessionAccess,
  sessionCookie,
  sessionOf,
} from "./auth.ts";
import { readText } from "../kit/body.ts";
import { isSecure, originOf } from "./origin.ts";
import { problem } from "../kit/problem.ts";
import { addRoute } from "../kit/routes.ts";
import type { SessionAnswer } from "../../../api/session-answer.ts";
import { sessionSeconds } from "./sessions.ts";

/**
 * POST /session signs in with `{"token": "…"}` or a form's `token`; DELETE /session signs out. Both answer 204.
 * GET /session says what this browser may do.
 */
export function addSessionRoutes(app: Hono, deps: GuardDeps): void {
  const { sessions, refuseToken } = deps;
  addRoute(app, "/session", {
    GET: (c) => {
      const { token, readOnlyToken } = deps.settings();
      const refusal = refuseForeignPage(c);
      if (refusal !== null) return refusal;
      const session = sessionOf(c);
      const access =
        token === null
          ? "full"
          : session === undefined
            ? null
            : sessionAccess(session, { token, readOnlyToken }, sessions);
      return c.json({ access } satisfies SessionAnswer);
    },
    POST: async (c) => {
      const { token, readOnlyToken } = deps.settings();
      if (token === null) return problem(c, 404, "No http.token is set: there is no need to sign in.");
      if (originOf(c.req) === "foreign") return refuseForeignOrigin(c);
      const refusal = refuseForeignPage(c);
      if (refusal !== null) return refusal;
      const given = await readToken(c);
      if (given instanceof Response) return given;
      if (accessOf(given, { token, readOnlyToken }) === null) return refuseToken(c);
      const isSecured = isSecure(c.req);
      const name = isSecured ? secureSessionCookie : sessionCookie;
      setCookie(c, name, sessions.open(new Secret(given)), cookieOptions(isSecured, sessionSeconds));
      return c.body(null, 204);
    },
    DELETE: (c) => {
      const session = sessionOf(c);
      if (session !== undefined) {
        const refusal = refuseForgedWrite(c);
        if (refusal !== null) return refusal;
        sessions.close(session);
      }
      if (isSecure(c.req)) deleteCookie(c, secureSessionCookie, cookieOptions(true, 0));
      deleteCookie(c, sessionCookie, cookieOptions(isSecure(c.req), 0));
      return c.body(null, 204);
    },
  });
}

function cookieOptions(secure: boolean, maxAge: number) {
  return { path: "/", httpOnly: true, sameSite: "Strict", secure, maxAge } as const;
}

/** The token in the body, or the answer that says what is wrong with the body; never repeats what was sent. */
async function readToken(c: Context): Promise<string | Response> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  const text = await readText(c);
  let token: unknown;
  if (type === "application/x-www-form-urlencoded") {
    token = new URLSearchParams(text).get("token");
  } else if (type === "application/json") {
    try {
      const body: unknown = JSON.parse(text);
      token = typeof body === "object" && body !== null && "token" in body ? body.token : undefined;
    } catch {
      return problem(c, 400, "The body is not valid JSON.");
    }
  } else {
    return problem(c, 415, "The body must be application/json or application/x-www-form-urlencoded.");
  }
  return typeof token === "string" && token !== ""
    ? token
    : problem(c, 400, 'The body must hold "token", a string that is not empty.');
}
