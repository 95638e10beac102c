import { STATUS_CODES } from "node:http";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** Headers and extension members of a problem. */
export interface ProblemOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly members?: Readonly<Record<string, unknown>>;
}

/**
 * An error answer as problem details (RFC 9457). With `about:blank` as type, the title is the phrase of the status
 * (4.2.1). `instance` is the path only: a query may contain secrets.
 */
export function problem(
  c: Context,
  status: ContentfulStatusCode,
  detail: string,
  { headers = {}, members = {} }: ProblemOptions = {},
): Response {
  const title = STATUS_CODES[status] ?? "Error";
  const body = { type: "about:blank", title, status, detail, instance: c.req.path, ...members };
  return c.body(JSON.stringify(body), status, { ...headers, "content-type": "application/problem+json" });
}

export const jsonHeaders = { "content-type": "application/json" };

export function answerJson(c: Context, text: string): Response {
  return c.body(text, 200, jsonHeaders);
}

/** @param holders of places that are held for long */
export function refuseBusy(c: Context, what: string, holders?: string): Response {
  const held = holders === undefined ? "" : ` (${holders})`;
  return problem(c, 429, `Too many ${what} at once on this host${held}. Try again in a moment.`, {
    headers: { "retry-after": "2" },
  });
}

export function refuseStopping(c: Context): Response {
  return problem(c, 503, "The host is stopping.", { headers: { "retry-after": "2" } });
}
