import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { browserVariable, installedBrowser } from "./browser-path.ts";

const path = process.env[browserVariable] ?? installedBrowser(process.env) ?? "";

/** Tests in a real Chromium; skipped, and counted as such, if the machine has none. */
export const describeInBrowser = describe.skipIf(path === "");

/** A page with a fresh profile, and its errors. */
export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** Console errors and warnings (including those of the content security policy), uncaught errors, dialogs, and requests to other origins. */
  readonly faults: readonly string[];
}

export interface PageOptions extends BrowserContextOptions {
  /** Faults that the test itself causes. */
  readonly expects?: RegExp;
}

export interface TestBrowser {
  /** Opens a page at a URL. */
  open(url: string, options?: PageOptions): Promise<TestPage>;
}

/** One browser for all tests of a `describe`. */
export function useBrowser(): TestBrowser {
  let browser: Browser | null = null;
  beforeAll(async () => {
    // Chromium's sandbox does not work as root, and only our own pages are loaded.
    browser = await chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-gpu"] });
  }, 240_000);
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
      page.setDefaultTimeout(60_000);
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

/** Saves a screenshot in `.cache/screenshots`, or in the folder PENSTOCK_SCREENSHOTS. */
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

/** Every page is checked in both themes, on a phone and a desktop. */
export const looks = (["light", "dark"] as const).flatMap((colorScheme) =>
  [375, 1440].map((width) => ({
    name: `${colorScheme}-${width}`,
    // axe is injected as a script, which the page's own policy forbids.
    options: { colorScheme, viewport: { width, height: 900 }, bypassCSP: true } satisfies PageOptions,
  })),
);

/** axe-core's violations of WCAG 2.2 AA and its best practices, one line each. The page must have one of the `looks`. */
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

/** Expects that axe finds nothing on a page, and that nothing is wider than the window. Saves a screenshot of it. */
export async function expectFine(page: Page, name: string): Promise<void> {
  await keepScreenshot(page, name);
  expect(await axeViolations(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
}
