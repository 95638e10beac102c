import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";

/** A file the page loads. Its name contains a hash of its content, so that it can be cached forever. */
export interface ConsoleAsset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  /** The ETag header, with its quotes. */
  readonly etag: string;
}

export interface ConsoleFiles {
  /** The single document; the script renders every page. */
  readonly html: ConsoleAsset;
  /** By file name without folder. */
  readonly assets: ReadonlyMap<string, ConsoleAsset>;
}

const types: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/**
 * The console, built on the first request and cached, since a build takes 20 MB that a host without visitors can save.
 * A failed build is retried with the next request.
 */
export function createConsoleFiles(): () => Promise<ConsoleFiles> {
  let built: Promise<ConsoleFiles> | null = null;
  return () =>
    (built ??= buildConsole().catch((error: unknown) => {
      built = null;
      throw error;
    }));
}

/**
 * Builds the console in memory within tens of milliseconds, so that users need no build step and the folder may be
 * read-only.
 * @throws the build errors
 */
export async function buildConsole(): Promise<ConsoleFiles> {
  const app = join(import.meta.dir, "app");
  const { success, outputs, logs } = await Bun.build({
    entrypoints: ["main.tsx", "explore/patterns/worker.ts", "style.css"].map((name) => join(app, name)),
    root: app,
    target: "browser",
    format: "esm",
    minify: true,
    splitting: true,
    naming: { entry: "[name]-[hash].[ext]", chunk: "[name]-[hash].[ext]" },
    throw: false,
  });
  if (!success) {
    throw new Error(`the console does not build: ${logs.map(String).join("; ")}`);
  }
  const assets = new Map<string, ConsoleAsset>();
  let [script, worker, style] = ["", "", ""];
  for (const name of ["icon.svg", "icon-trouble.svg"])
    assets.set(name, assetOf(await Bun.file(join(app, name)).bytes(), "image/svg+xml"));
  for (const output of outputs) {
    const name = basename(output.path);
    const extension = name.split(".").at(-1) ?? "";
    assets.set(
      name,
      assetOf(new Uint8Array(await output.arrayBuffer()), types[extension] ?? "application/octet-stream"),
    );
    if (output.kind === "entry-point" && extension === "js") {
      if (name.startsWith("worker-")) worker = name;
      else script = name;
    }
    if (extension === "css") style = name;
  }
  return {
    html: assetOf(new TextEncoder().encode(page({ script, worker, style })), "text/html; charset=utf-8"),
    assets,
  };
}

function assetOf(bytes: Uint8Array<ArrayBuffer>, type: string): ConsoleAsset {
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 16)}"`;
  return { type, bytes, gzipped: new Uint8Array(gzipSync(bytes)), etag };
}

/** Without inline scripts or styles, which the content security policy forbids. */
function page({ script, worker, style }: Readonly<Record<"script" | "worker" | "style", string>>): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Penstock</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <meta name="penstock-patterns" content="/assets/${worker}">
    <link rel="stylesheet" href="/assets/${style}">
    <script type="module" src="/assets/${script}"></script>
  </head>
  <body>
    <div id="app"></div>
    <noscript>This page needs JavaScript. The same data is at /topics, as JSON.</noscript>
  </body>
</html>
`;
}
