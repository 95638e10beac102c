import type { Context, Hono } from "hono";
import { consolePages, pages } from "../../../api/pages.ts";
import { subjects } from "../../../api/subjects.ts";
import type { ConsoleAsset, ConsoleFiles } from "../../../console/build.ts";
import { openApiDocument } from "../kit/openapi.ts";
import { mount } from "../kit/mount.ts";
import { answerJson, problem } from "../kit/problem.ts";

export interface PageRouteDeps {
  /** The built console. Rejects if it could not be built. */
  readonly consoleFiles: () => Promise<ConsoleFiles>;
}

/** The console's document, what it loads, and the description of the API. */
export function addPageRoutes(app: Hono, { consoleFiles }: PageRouteDeps): void {
  for (const page of consolePages) {
    // Revalidated each time, mostly with 304: it names the script of this version.
    mount(app, page, async (_, c) => answer(c, (await consoleFiles()).html, "no-cache"));
  }
  mount(app, pages.routes.asset, async ({ param }, c) => {
    const asset = (await consoleFiles()).assets.get(param("name"));
    if (asset === undefined)
      return problem(c, 404, "There is no such asset; the page may be of another version.");
    return answer(c, asset, "public, max-age=31536000, immutable");
  });
  // Built on first use: most hosts are never asked.
  let description: string | null = null;
  mount(app, pages.routes.description, (_, c) => {
    description ??= JSON.stringify(openApiDocument(subjects));
    return answerJson(c, description);
  });
}

/** For browsers: the page that says so. */
export async function noSuchPage(c: Context, { consoleFiles }: PageRouteDeps): Promise<Response> {
  const { bytes, type } = (await consoleFiles()).html;
  return c.body(bytes, 404, { "content-type": type });
}

function answer(c: Context, { type, bytes, gzipped, etag }: ConsoleAsset, cacheControl: string): Response {
  const headers = { etag, "cache-control": cacheControl, vary: "accept-encoding" };
  if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers);
  const acceptsGzip = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
  return acceptsGzip
    ? c.body(gzipped, 200, { ...headers, "content-type": type, "content-encoding": "gzip" })
    : c.body(bytes, 200, { ...headers, "content-type": type });
}
