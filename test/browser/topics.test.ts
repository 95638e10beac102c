import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { bareSpecification } from "../../lib/rules/model/specification.ts";
import { topicStates, type TopicState } from "../../lib/rules/progress/status.ts";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { eventually } from "../support/eventually.ts";
import { partitionStatus, topicStatus } from "../support/topic-status.ts";

/** A thousand running topics, the later ones faster; each reading shows more records. */
function movingTopics() {
  const startedAt = Date.now();
  return () =>
    Array.from({ length: 1_000 }, (_, n) => {
      const indexed = Math.floor(((Date.now() - startedAt) / 1000) * (n % 100)) + n;
      const topic = `topic-${String(n).padStart(4, "0")}`;
      return topicStatus({
        topic,
        partitions: [partitionStatus({ lag: (n * 7_919) % 1_000 })],
        counts: { indexed, duplicate: 0, deadLettered: n % 250 === 7 ? 3 : 0, skipped: 0 },
      });
    });
}

const namesOn = (page: Page) => page.locator("tbody th").allInnerTexts();

describeInBrowser("the table of a thousand topics", () => {
  const browser = useBrowser();

  test("a page shows a hundred; filter, sort and pages cover all of them, and the address keeps them", async () => {
    await using host = startConsoleHost(movingTopics());
    await using opened = await browser.open(`${host.url}ui/topics`);
    const { page, faults } = opened;
    await page.getByText("1,000 topics").waitFor();
    expect(await page.locator("tbody tr").count()).toBe(100);
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(3_000);
    await keepScreenshot(page, "topics-1000");

    await page.getByRole("link", { name: "Topic", exact: true }).click();
    expect(await page.locator("[aria-sort]").count()).toBe(1);
    expect(await page.locator("[aria-sort]").getAttribute("aria-sort")).toBe("ascending");
    expect((await namesOn(page))[0]).toBe("topic-0000");
    await page.getByRole("link", { name: "Next" }).click();
    await page.getByText("Page 2 of 10").waitFor();
    expect((await namesOn(page))[0]).toBe("topic-0100");

    // On a page far back; typed by keyboard alone.
    await page.keyboard.press("/");
    await page.keyboard.type("topic-0950");
    await page.getByText("1 of 1,000 topics").waitFor();
    expect(await namesOn(page)).toEqual(["topic-0950"]);
    await page.reload();
    await page.getByText("1 of 1,000 topics").waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("topic-0950");
    await page.goBack();
    await page.getByText("1,000 topics").waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test("rows keep their places while figures change; the new order is offered", async () => {
    await using host = startConsoleHost(movingTopics());
    await using opened = await browser.open(`${host.url}ui/topics`);
    const { page } = opened;
    await page.getByText("1,000 topics").waitFor();
    // By keyboard: the header is a link.
    await page.getByRole("link", { name: "Records/s" }).focus();
    await page.keyboard.press("Enter");
    const before = await namesOn(page);
    const focused = () => page.evaluate("document.activeElement.textContent");
    const focus = await focused();
    await page.mouse.wheel(0, 400);
    await eventually("it is scrolled", () => page.evaluate("scrollY > 0"));
    const scrolled = await page.evaluate("scrollY");
    // Rates are known after two steps of five seconds, which changes the order by rate.
    await page.getByRole("button", { name: "Re-sort" }).waitFor();
    expect(await namesOn(page)).toEqual(before);
    expect(await focused()).toBe(focus);
    expect(await page.evaluate("scrollY")).toBe(scrolled);
    await page.getByRole("button", { name: "Re-sort" }).click();
    await eventually("the fastest is first", async () => (await namesOn(page))[0]?.endsWith("99"));
  }, 240_000);

  test("the seven states differ by shape and word", async () => {
    const states = topicStates.map((state) =>
      topicStatus({
        topic: `is-${state}`,
        state,
        reason: state === "failed" ? "\u001b[31m<b>no</b>\u202e" : null,
      }),
    );
    await using host = startConsoleHost(() => states);
    await using opened = await browser.open(`${host.url}ui/topics`);
    const { page, faults } = opened;
    await page.getByText("7 topics").waitFor();
    const labels = page.locator("tbody .state");
    const paths = await labels.locator("path").all();
    const shapes = await Promise.all(paths.map((path) => path.getAttribute("d")));
    const dashed = await page.evaluate<string[]>(
      `[...document.querySelectorAll("tbody .state svg")].map((svg) => getComputedStyle(svg).strokeDasharray)`,
    );
    const looksOfStates = new Set(shapes.map((shape, at) => `${shape} ${dashed[at]}`));
    expect(looksOfStates.size).toBe(7);
    expect(await labels.allInnerTexts()).toEqual([
      "failed",
      "stalled",
      "starting",
      "stopping",
      "pending",
      "held",
      "running",
    ]);
    expect(await page.getByText("␛[31m<b>no</b>‹U+202E›").count()).toBe(1);
    await keepScreenshot(page, "states");
    expect(faults).toEqual([]);
  }, 240_000);

  test("on a phone a topic is one line, trouble says its reason, and no table is wider than the screen", async () => {
    const partitions = [
      partitionStatus({ lag: 123_456_789 }),
      partitionStatus({ partition: 1, owned: false }),
    ];
    const counts = { indexed: 12_345, duplicate: 0, deadLettered: 0, skipped: 0 };
    const long = "a-rather-long-name-of-a-topic-".repeat(4);
    await using host = startConsoleHost(() => [
      topicStatus({ topic: "well", partitions }),
      topicStatus({
        topic: "app",
        state: "stalled",
        reason: "index blocked ".repeat(9),
        partitions,
        spec: { ...bareSpecification("app"), path: `/var/log/${"a-rather-long-folder/".repeat(6)}app.log` },
      }),
      topicStatus({ topic: long, partitions, counts }),
    ]);
    const viewport = { width: 390, height: 800 };
    for (const [path, table] of [
      ["", "Topics that brought most"],
      ["ui/topics", "Topics"],
      ["ui/topics/app", "Partitions"],
    ] as const) {
      await using opened = await browser.open(`${host.url}${path}`, { viewport });
      const { page } = opened;
      const region = page.getByRole("region", { name: table, exact: true });
      await region.waitFor();
      await keepScreenshot(page, `phone-${table}`);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      expect(
        await page.evaluate(`[...document.querySelectorAll(".scroll")]
          .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length`),
      ).toBe(0);
      const narrow = `[...document.querySelectorAll(".scroll tbody td")]
        .filter((cell) => cell.clientHeight > 0 && cell.clientWidth < 40).length`;
      expect(await page.evaluate(narrow)).toBe(0);
      if (path !== "ui/topics") continue;
      const well = page.getByRole("row", { name: "well" });
      expect((await well.boundingBox())?.height).toBeLessThan(48);
      expect(await page.getByRole("row", { name: "app" }).innerText()).toContain("index blocked");
    }
  }, 240_000);

  test("a chart tells time and value under the pointer, and by arrow keys", async () => {
    await using host = startConsoleHost(() => [
      topicStatus({ partitions: [partitionStatus({ lag: 1_234 })] }),
    ]);
    await using opened = await browser.open(host.url);
    const { page, faults } = opened;
    const lag = page.locator("figure", { hasText: "Lag" });
    await page.getByLabel(/^Lag, last 15 minutes: now 1,234/).waitFor();
    await lag.locator("canvas").waitFor();
    const plot = lag.getByRole("slider");
    await plot.focus();
    const told = lag.getByText(/^\d\d:\d\d:\d\d: 1,234$/);
    // There is a line from the second value on.
    await eventually("the key leads to a value", async () => {
      await page.keyboard.press("Home");
      return (await told.count()) === 1;
    });
    expect(await plot.getAttribute("aria-valuetext")).toMatch(/^\d\d:\d\d:\d\d: 1,234$/);
    await page.keyboard.press("Escape");
    await told.waitFor({ state: "hidden" });
    const area = lag.locator(".u-over");
    const width = (await area.boundingBox())?.width ?? 0;
    await area.hover({ position: { x: width - 3, y: 40 } });
    await told.waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test("the title and icon of every page tell trouble and the host, and follow it", async () => {
    let state: TopicState = "stalled";
    await using host = startConsoleHost(() => [topicStatus({ topic: "app", state }), topicStatus()]);
    await using opened = await browser.open(`${host.url}ui/explore`, { expects: /404|Failed to load/ });
    const { page } = opened;
    const icon = () => page.locator('link[rel="icon"]').getAttribute("href");
    await eventually("it says so", async () => (await page.title()) === "▲1 Explore · machine-1 · Penstock");
    expect(await icon()).toBe("/assets/icon-trouble.svg");
    await page.getByRole("banner").getByText("machine-1 1.2.3").waitFor();
    await page.goto(`${host.url}ui/nothere`);
    await page.getByRole("heading", { name: "No such page" }).waitFor();
    state = "running";
    await page.reload();
    await eventually("all is well", async () => (await page.title()) === "Not found · machine-1 · Penstock");
    expect(await icon()).toBe("/assets/icon.svg");
  }, 240_000);

  test.each(looks)(
    "axe finds nothing: $name",
    async ({ name, options }) => {
      await using host = startConsoleHost(movingTopics());
      await using opened = await browser.open(`${host.url}ui/topics`, options);
      await opened.page.getByText("1,000 topics").waitFor();
      await expectFine(opened.page, `topics-1000-${name}`);
    },
    240_000,
  );
});
