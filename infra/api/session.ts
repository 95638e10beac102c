import { usage } from "../../lib/rules/base/errors.ts";
import { z } from "zod";
import { type Answer, ignored, json, refusal, route, type Subject, tooManyWrongTokens } from "./kit/route.ts";

/** The name of the session's cookie. */
export const sessionCookie = "penstock_session";
/** Its name over TLS: browsers accept it from this host only, not from another of its domain (RFC 6265bis, 4.1.3.2). */
export const secureSessionCookie = `__Host-${sessionCookie}`;

const access = z.enum(["full", "read-only"]);
/** What a token allows: everything, or to look at everything. */
export type Access = z.infer<typeof access>;

const sessionAnswer = z.object({ access: access.nullable() });
/** What this browser may do without a header; null before signing in. */
export type SessionAnswer = z.infer<typeof sessionAnswer>;

const token = z.object({ token: z.string().min(1) });

/** Small, because anyone may send it. */
const maxBody = 8 * 1024;
const path = "/session";

const done = (description: string): Answer => ({
  description,
  headers: { "set-cookie": "The session's cookie." },
});

export const session = {
  name: "session",
  description: "Signing a browser in.",
  schemas: { Token: token, SessionAnswer: sessionAnswer },
  routes: {
    show: route({
      method: "GET",
      path,
      access: "open",
      maxBody,
      query: ignored,
      summary: "What the cookie of this browser allows",
      answers: { 200: json("Null if the browser has to sign in first.", sessionAnswer) },
    }),
    open: route({
      method: "POST",
      path,
      access: "open",
      maxBody,
      query: ignored,
      body: {
        schema: token,
        form: true,
        parse(members) {
          const { success, data } = token.safeParse(members);
          // Never repeats what was sent.
          if (!success) throw usage('The body must hold "token", a string that is not empty');
          return data.token;
        },
      },
      summary: "Trades the token for a cookie with the same access",
      answers: {
        204: done("Signed in."),
        400: refusal("The body contains no token."),
        401: refusal("The token was not accepted."),
        404: refusal("No `http.token` is set: there is no need to sign in."),
        415: refusal("The body is neither JSON nor a form."),
        429: tooManyWrongTokens,
      },
    }),
    close: route({
      method: "DELETE",
      path,
      access: "open",
      maxBody,
      query: ignored,
      summary: "Signs out",
      answers: { 204: done("Signed out.") },
    }),
  },
} satisfies Subject;
