import { expect, test } from "bun:test";
import { describeInBrowser, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { eventually } from "../support/eventually.ts";
import { topicStatus } from "../support/topic-status.ts";

describeInBrowser("the keyboard", () => {
  const browser = useBrowser();
  const withTopics = () => startConsoleHost(() => ["alpha", "beta"].map((topic) => topicStatus({ topic })));
  const focused = "document.activeElement.localName";

  test("Enter and Escape leave a search field, whose text stays; the keys after them are shortcuts", async () => {
    await using host = withTopics();
    await using opened = await browser.open(`${host.url}ui/topics`);
    const { page, faults } = opened;
    const filter = page.getByRole("searchbox");
    const offset = page.getByRole("button", { name: /^Time zone/ });
    await filter.waitFor();
    for (const key of ["Enter", "Escape"]) {
      await page.keyboard.press("/");
      await filter.fill("alp");
      await page.keyboard.press(key);
      await eventually("the page has the focus", async () => (await page.evaluate(focused)) === "main");
      expect(await filter.inputValue()).toBe("alp");
    }
    expect(await page.getByRole("link", { name: "beta" }).count()).toBe(0);
    const zone = await offset.getAttribute("aria-pressed");
    await page.keyboard.press("t");
    await eventually("the zone changes, on this page too", async () =>
      page.evaluate('localStorage.getItem("penstock.zone") === "utc"'),
    );
    expect(zone).toBeNull();
    expect(faults).toEqual([]);
  }, 240_000);

  test("keys that are pressed while a page is loaded reach it, and what follows them is text", async () => {
    await using host = withTopics();
    await using opened = await browser.open(host.url);
    const { page, faults } = opened;
    await page.getByRole("heading", { name: "Sources" }).waitFor();
    const held = Promise.withResolvers<void>();
    await page.route(/\/assets\/.*\.js/, async (route) => {
      await held.promise;
      await route.continue();
    });
    // Two keys within a second, which a busy machine may not manage.
    await eventually("the keys lead to the topics", async () => {
      await page.keyboard.type("gt");
      return page.waitForURL("**/ui/topics", { waitUntil: "commit", timeout: 2_000 }).then(() => true);
    });
    try {
      await page.getByText("Loading…").waitFor();
      await page.keyboard.type("/bet?");
    } finally {
      held.resolve();
    }
    await eventually("the text is in the filter", async () => {
      const filter = page.getByRole("searchbox");
      return (await filter.count()) === 1 && (await filter.inputValue()) === "bet?";
    });
    expect(await page.evaluate(focused)).toBe("input");
    expect(new URL(page.url()).searchParams.get("q")).toBe("bet?");
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(faults).toEqual([]);
  }, 240_000);

  test("navigating within a page keeps focus and place where what was used is still there", async () => {
    await using host = startConsoleHost(() =>
      Array.from({ length: 150 }, (_, n) => topicStatus({ topic: `topic-${n}` })),
    );
    await using opened = await browser.open(`${host.url}ui/topics`);
    const { page } = opened;
    const header = page.getByRole("columnheader", { name: "Topic" }).getByRole("link");
    await header.focus();
    await page.keyboard.press("Enter");
    await page.locator('[aria-sort="ascending"]').waitFor();
    expect(await page.evaluate(focused)).toBe("a");
    // A link of the table's page that is gone on the next one.
    const gone = page.getByRole("link", { name: "topic-0", exact: true });
    await gone.focus();
    await page.evaluate(`
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true }));
      document.querySelector(".pager a:last-of-type").click();
    `);
    await page.getByText("Page 2 of 2").waitFor();
    await eventually("the focus has a place", async () => (await page.evaluate(focused)) === "main");
    expect(await page.evaluate("scrollY")).toBe(0);
  }, 240_000);
});
