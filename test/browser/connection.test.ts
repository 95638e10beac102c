import { expect, test } from "bun:test";
import { describeInBrowser, keepScreenshot, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { eventually } from "../support/eventually.ts";
import { topicStatus } from "../support/topic-status.ts";

/** Enough for a busy machine, and less than the minute after which a hidden tab releases its connection by itself. */
const SOON = { timeout: 30_000 };

/** A script that makes a page believe so. */
const seemHidden = (hidden: boolean): string => `
  Object.defineProperty(document, "hidden", { configurable: true, get: () => ${hidden} });
  document.dispatchEvent(new Event("visibilitychange"));
`;

describeInBrowser("the connection of a page", () => {
  const browser = useBrowser();
  const withTopic = (topic: string) => startConsoleHost(() => [topicStatus({ topic })]);

  test("an unreachable host is shown within seconds; once it is back, values are fresh without a reload", async () => {
    const first = withTopic("first-life");
    await using opened = await browser.open(`${first.url}ui/topics`, { expects: /ERR_|Failed to load/ });
    const { page, faults } = opened;
    await page.locator(".live.live").waitFor();
    await first[Symbol.asyncDispose]();
    await page.getByText(/Connection lost. Values are from \d\d:\d\d:\d\d/).waitFor(SOON);
    await page.getByText("Not connected").waitFor();
    expect(await page.getByRole("link", { name: "first-life" }).count()).toBe(1);
    await eventually("its values are dimmed, a frame later", () =>
      page.evaluate('getComputedStyle(document.querySelector("main")).opacity === "0.55"'),
    );
    await keepScreenshot(page, "connection-lost");

    await using second = startConsoleHost(
      () => [topicStatus({ topic: "second-life" })],
      Number(new URL(first.url).port),
    );
    expect(second.url).toBe(first.url);
    await page.getByRole("link", { name: "second-life" }).waitFor();
    expect(await page.getByText("Connection lost").count()).toBe(0);
    expect(await page.getByText("first-life").count()).toBe(0);
    expect(faults).toEqual([]);
  }, 240_000);

  test("a stream without news survives half a minute", async () => {
    await using host = withTopic("quiet");
    await using opened = await browser.open(`${host.url}ui/topics`);
    const states: string[] = [];
    await opened.page.exposeFunction("noteState", (state: string) => states.push(state));
    await opened.page.locator(".live.live").waitFor();
    await opened.page.evaluate(`
      const tools = document.querySelector(".tools");
      const all = { subtree: true, characterData: true, childList: true, attributes: true };
      new MutationObserver(() => noteState(tools.textContent)).observe(tools, all);
    `);
    await Bun.sleep(31_000);
    expect(states).toEqual([]);
    expect(await opened.page.locator(".live.live").count()).toBe(1);
  }, 240_000);

  test("seven tabs of one browser: it has six connections to a host, and hidden tabs release theirs", async () => {
    await using host = withTopic("shared");
    await using opened = await browser.open(`${host.url}ui/topics`);
    const context = opened.page.context();
    const pages = [opened.page];
    await opened.page.getByRole("link", { name: "shared" }).waitFor();
    while (pages.length < 7) {
      // Without a window, Chromium considers every tab visible.
      await pages.at(-1)?.evaluate(seemHidden(true));
      const page = await context.newPage();
      await page.goto(`${host.url}ui/topics`);
      await page.getByRole("link", { name: "shared" }).waitFor(SOON);
      pages.push(page);
    }
    await pages[0]?.evaluate(seemHidden(false));
    await pages[0]?.locator(".live.live").waitFor(SOON);
    await pages[5]?.getByText("Paused").waitFor();
  }, 240_000);
});
