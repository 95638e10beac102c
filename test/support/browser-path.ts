import { canInstall, installPackage } from "../../infra/stack/artifacts/debian.ts";

/** Path of the browser for the console's tests; "" skips them. */
export const browserVariable = "PENSTOCK_TEST_BROWSER";

/** Debian's. The full browser draws a window around every page, and needs four times the CPU. */
const HEADLESS = "chromium-headless-shell";
const names = [HEADLESS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const places = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/**
 * This machine's Chromium, installed if that is possible without asking.
 * @returns its path; null if there is none
 */
export async function findBrowser(
  environment: Readonly<Record<string, string | undefined>>,
  onInstall: () => void,
): Promise<string | null> {
  const given = environment[browserVariable];
  if (given !== undefined) return given === "" ? null : given;
  if (Bun.which(HEADLESS, searchPath(environment)) === null && canInstall()) {
    onInstall();
    const failure = await installPackage(HEADLESS, environment);
    if (failure !== "") process.stderr.write(`Installing ${HEADLESS} failed: ${failure}\n`);
  }
  return installedBrowser(environment);
}

/** @returns null if there is none */
export function installedBrowser(environment: Readonly<Record<string, string | undefined>>): string | null {
  const path = searchPath(environment);
  return [...names, ...places].map((name) => Bun.which(name, path)).find((found) => found !== null) ?? null;
}

function searchPath({ PATH = "" }: Readonly<Record<string, string | undefined>>): { readonly PATH: string } {
  return { PATH };
}
