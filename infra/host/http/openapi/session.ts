import { z } from "zod";
import type { SessionAnswer } from "../../../api/session-answer.ts";
import { jsonAnswer, problemAnswer, ref, type Subject, tooManyWrongTokens } from "./operation.ts";

const sessionAnswer: z.ZodType<SessionAnswer> = z.object({
  access: z.enum(["full", "read-only"]).nullable(),
});

const done = (description: string) => ({
  description,
  headers: { "set-cookie": { description: "The session's cookie.", schema: { type: "string" } } },
});

export const session: Subject = {
  name: "session",
  description: "Signing a browser in.",
  schemas: { Token: z.object({ token: z.string().min(1) }), SessionAnswer: sessionAnswer },
  paths: {
    "/session": {
      get: {
        summary: "What the cookie of this browser lets do",
        security: [],
        responses: {
          200: jsonAnswer("Null: it has to sign in first.", ref("SessionAnswer")),
        },
      },
      post: {
        summary: "Trades the token for a cookie that counts like it",
        security: [],
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: ref("Token") },
            "application/x-www-form-urlencoded": { schema: ref("Token") },
          },
        },
        responses: {
          204: done("Signed in."),
          400: problemAnswer("The body holds no token."),
          401: problemAnswer("The token was not accepted."),
          429: tooManyWrongTokens,
          404: problemAnswer("No `http.token` is set: there is no need to sign in."),
          415: problemAnswer("The body is neither JSON nor a form."),
        },
      },
      delete: {
        summary: "Signs out",
        security: [],
        responses: { 204: done("Signed out.") },
      },
    },
  },
};
