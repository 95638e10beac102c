import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";

/** A file that the page loads. Its name changes with its content, so that it may be kept for ever. */
export interface ConsoleAsset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  /** With its quotes, as the ETag header has it. */
  readonly etag: string;
}

export interface ConsoleFiles {
  /** The one document: every page is drawn by the script. */
  readonly html: ConsoleAsset;
  /** By file name, without a folder. */
  readonly assets: ReadonlyMap<string, ConsoleAsset>;
}

const types: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/**
 * The console, built when the first page is asked for and kept: a host that nobody looks at does without the 20 MB that
 * building takes. What failed is tried again with the next request.
 */
export function createConsoleFiles(build = buildConsole): () => Promise<ConsoleFiles> {
  let built: Promise<ConsoleFiles> | null = null;
  return () =>
    (built ??= build().catch((error: unknown) => {
      built = null;
      throw error;
    }));
}

/**
 * Builds the console in memory, in some tens of milliseconds, so that its user needs no build step and its folder may
 * be read-only.
 * @throws where its source does not build, with what stands against it
 */
export async function buildConsole(): Promise<ConsoleFiles> {
  const app = join(import.meta.dir, "app");
  const { success, outputs, logs } = await Bun.build({
    entrypoints: [join(app, "main.tsx"), join(app, "style.css")],
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
  let [script, style] = ["", ""];
  assets.set("icon.svg", assetOf(await Bun.file(join(app, "icon.svg")).bytes(), "image/svg+xml"));
  for (const output of outputs) {
    const name = basename(output.path);
    const extension = name.split(".").at(-1) ?? "";
    assets.set(
      name,
      assetOf(new Uint8Array(await output.arrayBuffer()), types[extension] ?? "application/octet-stream"),
    );
    if (output.kind === "entry-point" && extension === "js") script = name;
    if (extension === "css") style = name;
  }
  return { html: assetOf(new TextEncoder().encode(page(script, style)), "text/html; charset=utf-8"), assets };
}

function assetOf(bytes: Uint8Array<ArrayBuffer>, type: string): ConsoleAsset {
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 16)}"`;
  return { type, bytes, gzipped: new Uint8Array(gzipSync(bytes)), etag };
}

/** No inline script or style: the content security policy allows neither. */
function page(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Penstock</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
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
