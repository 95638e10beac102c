import type { Context, Hono } from "hono";
import type { ConsoleAsset, ConsoleFiles } from "../../../console/build.ts";
import { problem } from "../kit/problem.ts";
import { addRoute } from "../kit/routes.ts";

export interface PageRouteDeps {
  /** The console as it was built. Rejects where it could not be. */
  readonly consoleFiles: () => Promise<ConsoleFiles>;
}

/** The console's pages: one document, whose script reads the path. */
export const pagePaths = [
  "/",
  "/ui/topics",
  "/ui/topics/:topic",
  "/ui/explore",
  "/ui/dead-letters",
  "/ui/declarations",
  "/ui/reconcile",
] as const;

/** True of paths that hold no data, so that they need no token. */
export function isPageOrAsset(path: string): boolean {
  return pagePaths.some((page) => page === path) || /^\/(ui\/topics|assets)\/[^/]+$/.test(path);
}

/** The console's document and what it loads. */
export function addPageRoutes(app: Hono, { consoleFiles }: PageRouteDeps): void {
  for (const path of pagePaths) {
    addRoute(app, path, {
      // Asked for each time, and mostly answered 304: it names the script of this very host.
      GET: async (c) => answer(c, (await consoleFiles()).html, "no-cache"),
    });
  }
  addRoute(app, "/assets/:name", {
    GET: async (c) => {
      const asset = (await consoleFiles()).assets.get(c.req.param("name") ?? "");
      if (asset === undefined)
        return problem(c, 404, "There is no such asset; the page may be of another version.");
      return answer(c, asset, "public, max-age=31536000, immutable");
    },
  });
}

function answer(c: Context, { type, bytes, gzipped, etag }: ConsoleAsset, cacheControl: string): Response {
  const headers = { etag, "cache-control": cacheControl, vary: "accept-encoding" };
  if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers);
  const acceptsGzip = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
  return acceptsGzip
    ? c.body(gzipped, 200, { ...headers, "content-type": type, "content-encoding": "gzip" })
    : c.body(bytes, 200, { ...headers, "content-type": type });
}
