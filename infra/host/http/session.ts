import type { Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { HttpSettings } from "../../../lib/rules/settings.ts";
import { refuseForeignOrigin, refuseForgedWrite, sessionCookie, unauthorized } from "./auth.ts";
import { isSecure, originOf } from "./origin.ts";
import { problem } from "./problem.ts";
import { addRoute } from "./routes.ts";
import { sameSecret, sessionSeconds, type Sessions } from "./sessions.ts";

/** POST /session signs in with `{"token": "…"}` or a form's `token`; DELETE /session signs out. Both answer 204. */
export function addSessionRoutes(app: Hono, settings: () => HttpSettings, sessions: Sessions): void {
  addRoute(app, "/session", {
    POST: async (c) => {
      const { token } = settings();
      if (token === null) return problem(c, 404, "No http.token is set: there is no need to sign in.");
      if (originOf(c.req) === "foreign") return refuseForeignOrigin(c);
      const given = await readToken(c);
      if (given instanceof Response) return given;
      if (!sameSecret(given, token)) return unauthorized(c, "That token was not accepted.", "invalid_token");
      setCookie(c, sessionCookie, sessions.open(token), cookieOptions(c, sessionSeconds));
      return c.body(null, 204);
    },
    DELETE: (c) => {
      const session = getCookie(c, sessionCookie);
      if (session !== undefined) {
        const refusal = refuseForgedWrite(c);
        if (refusal !== null) return refusal;
        sessions.close(session);
      }
      deleteCookie(c, sessionCookie, cookieOptions(c, 0));
      return c.body(null, 204);
    },
  });
}

function cookieOptions(c: Context, maxAge: number) {
  return { path: "/", httpOnly: true, sameSite: "Strict", secure: isSecure(c.req), maxAge } as const;
}

/** The token in the body, or the answer that says what is wrong with the body; never repeats what was sent. */
async function readToken(c: Context): Promise<string | Response> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  const text = await c.req.text();
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
