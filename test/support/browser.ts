import { afterAll, beforeAll, describe } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { browserVariable, installedBrowser } from "./browser-path.ts";

const path = process.env[browserVariable] ?? installedBrowser(process.env) ?? "";

/** Tests in a real Chromium; skipped, and counted as such, where the machine has none. */
export const describeInBrowser = describe.skipIf(path === "");

/** A page of a fresh profile, and what went wrong in it. */
export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console (reports of the content security policy among them), uncaught errors, dialogs, and requests that leave the origin. */
  readonly faults: readonly string[];
}

export interface PageOptions extends BrowserContextOptions {
  /** Faults that the test itself brings about. */
  readonly expects?: RegExp;
}

export interface TestBrowser {
  /** Opens a page at an address. */
  open(url: string, options?: PageOptions): Promise<TestPage>;
}

/** One browser for the tests of a `describe`, closed after them. */
export function useBrowser(): TestBrowser {
  let browser: Browser | null = null;
  beforeAll(async () => {
    // Root may not use Chromium's sandbox; what it loads is our own.
    browser = await chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-gpu"] });
  }, 60_000);
  afterAll(async () => browser?.close());
  return {
    async open(url, { expects, ...options } = {}) {
      if (browser === null) throw new Error("the browser was not started");
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        locale: "en-GB",
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      const faults: string[] = [];
      const note = (fault: string): void => {
        if (expects?.test(fault) !== true) faults.push(fault);
      };
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) note(message.text());
      });
      page.on("pageerror", (error) => note(`uncaught: ${error.message}`));
      page.on("dialog", (dialog) => {
        note(`a dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("request", (request) => {
        const from = new URL(url).origin;
        if (!request.url().startsWith(from) && !request.url().startsWith("data:"))
          note(`asked ${request.url()}`);
      });
      await page.goto(url);
      return { page, faults, [Symbol.asyncDispose]: () => context.close() };
    },
  };
}

const screenshots = process.env["PENSTOCK_SCREENSHOTS"] ?? join(import.meta.dir, "../../.cache/screenshots");

/** Keeps a picture of the page in `.cache/screenshots`, or where PENSTOCK_SCREENSHOTS says. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

const axeSource = new URL(import.meta.resolve("axe-core/axe.min.js"));

interface AxeViolation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What every page is looked at in: both themes, a phone and a desk. */
export const looks = (["light", "dark"] as const).flatMap((colorScheme) =>
  [375, 1440].map((width) => ({
    name: `${colorScheme}-${width}`,
    // axe is put into the page as a script, which the page's own policy forbids.
    options: { colorScheme, viewport: { width, height: 900 }, bypassCSP: true } satisfies PageOptions,
  })),
);

/** What axe-core finds against WCAG 2.2 AA and its best practices, a line each; the page must be of one of the `looks`. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: await Bun.file(axeSource).text() });
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    return (await axe.run()).violations;
  });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
