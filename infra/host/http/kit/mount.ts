import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { matchedRoutes } from "hono/route";
import type { z } from "zod";
import { type ErrorCode, PenstockError } from "../../../../lib/rules/base/errors.ts";
import { QueryError } from "../../../../lib/rules/search/grammar/query.ts";
import { parseQuery } from "../../../api/kit/parameters.ts";
import { defaultMaxBody, ignored, type Route } from "../../../api/kit/route.ts";
import { routesByPath } from "../../../api/subjects.ts";
import { problem } from "./problem.ts";
import { readBody } from "./input.ts";

/** A request, checked against the route's definition. */
export interface Input<Q extends z.ZodObject, P extends string, B> {
  readonly query: z.output<Q>;
  /** A parameter of the path. */
  readonly param: (name: P) => string;
  /** Reads and checks the body. A handler may take a place, or refuse, before it calls this. */
  readonly body: () => Promise<B>;
}

export type RouteHandler<Q extends z.ZodObject, P extends string, B> = (
  input: Input<Q, P, B>,
  c: Context,
) => Response | Promise<Response>;

/** Answers a route. The caller's faults and errors that the definition names become problems; others are rethrown. */
export function mount<Q extends z.ZodObject, P extends string, B>(
  app: Hono,
  route: Route<Q, P, B>,
  handler: RouteHandler<Q, P, B>,
): void {
  app.on(route.method, route.path, async (c) => {
    try {
      const given = Object.is(route.query, ignored) ? {} : c.req.queries();
      const input: Input<Q, P, B> = {
        query: parseQuery(route.query, given),
        param: (name) => c.req.param(name) ?? "",
        async body() {
          if (route.body === undefined) throw new Error(`${route.path} has no body`);
          return readBody(c, route.body);
        },
      };
      return await handler(input, c);
    } catch (thrown) {
      if (thrown instanceof HTTPException) return thrown.getResponse();
      if (!(thrown instanceof PenstockError) || thrown.code === "stopping") throw thrown;
      const status = callersFaults.has(thrown.code) ? 400 : (route.failure?.(thrown) ?? null);
      if (status === null) throw thrown;
      const isTimed = route.answers[status]?.headers?.["retry-after"] !== undefined;
      return problem(c, status, `${thrown.message.replace(/\.$/, "")}.`, {
        ...(isTimed && { headers: { "retry-after": "5" } }),
        ...(thrown instanceof QueryError && { members: { part: thrown.part, instead: thrown.instead } }),
      });
    }
  });
}

/** Errors in the request, answered 400. */
const callersFaults: ReadonlySet<ErrorCode> = new Set(["usage", "event_invalid"]);

/** Answers 405 for the other methods of every path. Call it after all routes are mounted: the first match answers. */
export function refuseOtherMethods(app: Hono): void {
  for (const [path, routes] of routesByPath) {
    const allow = routes.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    app.all(path, (c) => problem(c, 405, `${c.req.path} answers ${allow} only.`, { headers: { allow } }));
  }
}

/** The definitions that match a request, by the same match that answers it. */
export interface Asked {
  /** Undefined if the path does not answer this method. */
  readonly route: Route | undefined;
  /** All routes of the path; empty if the path is unknown. */
  readonly ofPath: readonly Route[];
}

export function askedOf(c: Context): Asked {
  const matched = matchedRoutes(c);
  const path = matched.find((match) => routesByPath.has(match.path))?.path ?? "";
  const ofPath = routesByPath.get(path) ?? [];
  const answers = ({ method }: Route): boolean =>
    matched.some((match) => match.path === path && match.method === method);
  return { route: ofPath.find(answers), ofPath };
}

/** Whether a browser looks for a page that does not exist. It gets the console's document, which holds no data and says so. */
export function seeksPage(c: Context): boolean {
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  return isRead && askedOf(c).ofPath.length === 0 && /\btext\/html\b/.test(c.req.header("accept") ?? "");
}

/** Limits the body by its route: before reading if its length is known, otherwise while reading. */
export function limitBody(c: Context, next: () => Promise<void>): Promise<Response | void> {
  const { route, ofPath } = askedOf(c);
  const maxSize = (route ?? ofPath[0])?.maxBody ?? defaultMaxBody;
  const onError = () => problem(c, 413, `The body is over ${maxSize} bytes.`);
  return bodyLimit({ maxSize, onError })(c, next);
}
