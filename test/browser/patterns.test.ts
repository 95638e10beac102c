import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";

describeInBrowser("patterns in Explore", () => {
  const browser = useBrowser();
  const topic = uniqueName("patterns");
  const world = useConsoleWorld();
  let host: TestHost;

  beforeAll(async () => {
    await world.kafka.createTopic(topic);
    const lines = Array.from({ length: 90 }, (_, n) =>
      n % 3 === 0 ? `payment ${n} failed: card declined` : `order ${n} <b>shipped</b> to 10.0.0.${n}`,
    );
    await world.kafka.produce(
      topic,
      lines.map((value) => ({ value })),
    );
    host = await startTestHost({ ...world.servers, topics: [topic] });
    await eventually("all are found", async () => {
      const answer = await host.fetch(`/logs?topic=${topic}&from=now-1h`);
      return ((await answer.json()) as { total: { value: number } }).total.value === lines.length;
    });
  }, 480_000);
  afterAll(() => host?.[Symbol.asyncDispose]());

  test.each(looks)(
    "the lines as patterns, by count, each one click from its lines: $name",
    async (look) => {
      const { colorScheme, viewport } = look.options;
      // The page's policy counts: the worker needs a trusted address.
      await using opened = await browser.open(`${host.url}ui/explore?topic=${topic}&from=now-1h`, {
        colorScheme,
        viewport,
      });
      const { page, faults } = opened;
      let exports = 0;
      // Each is sorted by a worker of its own.
      page.on("worker", () => (exports += 1));
      await page.getByRole("button", { name: "Patterns", exact: true }).click();
      const rows = page.getByRole("region", { name: "Lines by pattern" }).locator("tbody tr");
      await rows.first().waitFor();
      const texts = await rows.allInnerTexts();
      expect(texts).toHaveLength(2);
      expect(texts[0]).toContain("order <*> <b>shipped</b> to <*>");
      expect(texts[0]).toContain("66.7 %");
      await keepScreenshot(page, `patterns-${look.name}`);
      // A refresh of the search does not read 10,000 lines again; its button does.
      const refreshed = page.waitForResponse(/\/logs\?/);
      await page.getByRole("button", { name: "Refresh", exact: true }).click();
      await refreshed;
      await page.getByText("90 matches").waitFor();
      expect([exports, await rows.count()]).toEqual([1, 2]);
      await page.getByRole("button", { name: "Sort again" }).click();
      await eventually("they are sorted again", () => exports === 2);
      await rows
        .nth(1)
        .getByRole("link", { name: /^Only these/ })
        .click();
      await page.getByText("30 matches").waitFor();
      const { searchParams } = new URL(page.url());
      expect(searchParams.get("filter")).toContain("failed: card declined");
      expect(searchParams.get("from")).toBe("now-1h");
      expect(faults).toEqual([]);
    },
    480_000,
  );

  test("is accessible and fits a phone, also with a range of years", async () => {
    const [look] = looks;
    await using opened = await browser.open(
      `${host.url}ui/explore?topic=${topic}&from=2000-01-01`,
      look?.options,
    );
    const { page } = opened;
    await page.getByRole("button", { name: "Patterns", exact: true }).click();
    await page.getByRole("region", { name: "Lines by pattern" }).waitFor();
    await expectFine(page, "patterns-years");
  }, 480_000);
});
