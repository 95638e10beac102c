import type { Hono } from "hono";
import { addRoute } from "./routes.ts";

/** The page and what it loads: static files without data, so they are open. */
const files = {
  "/": { name: "console.html", type: "text/html; charset=utf-8" },
  "/assets/console.js": { name: "console.js", type: "text/javascript; charset=utf-8" },
  "/assets/console.css": { name: "console.css", type: "text/css; charset=utf-8" },
} as const;

export function addPageRoutes(app: Hono): void {
  for (const [path, { name, type }] of Object.entries(files)) {
    const file = Bun.file(new URL(`./assets/${name}`, import.meta.url));
    addRoute(app, path, { GET: async (c) => c.body(await file.bytes(), 200, { "content-type": type }) });
  }
}
