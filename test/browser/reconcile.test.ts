import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost, type ConsoleHost } from "../support/console-host.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { declaration as declare } from "../support/declarations.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { createWorld, type World } from "../support/reconcile-world.ts";
import { settings } from "../support/settings.ts";

const row = (page: Page, topic: string) => page.getByRole("row").filter({ hasText: topic });

describeInBrowser("reconcile", () => {
  const browser = useBrowser();

  describe("of a real host", () => {
    const [topic, missing, later] = [uniqueName("plan"), uniqueName("missing"), uniqueName("later")];
    const world = useConsoleWorld();
    let host: TestHost;

    beforeAll(async () => {
      await world.kafka.createTopic(topic);
      host = await startTestHost({ ...world.servers, topics: [topic, missing] });
      await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    }, 240_000);
    afterAll(() => host?.[Symbol.asyncDispose]());

    test("nothing to change says so, with the time; kept topics are shown on demand", async () => {
      await using opened = await browser.open(`${host.url}ui/reconcile`);
      const { page, faults } = opened;
      await page.getByText("Nothing to change. Checked").waitFor();
      expect(await row(page, missing).innerText()).toContain("it does not exist in Kafka");
      expect(await row(page, topic).count()).toBe(0);
      await page.getByRole("link", { name: "show" }).click();
      await row(page, topic).waitFor();
      expect(new URL(page.url()).search).toBe("?kept=1");
      expect(await page.getByRole("button", { name: /^Apply/ }).count()).toBe(0);

      await host.writeConfig({ ...world.servers, topics: [topic, missing, later] });
      await host.untilTopic(later, "waits", ({ state }) => state === "pending");
      await page.getByRole("button", { name: "Check again" }).click();
      await row(page, later).waitFor();
      expect(faults).toEqual([]);
    }, 240_000);
  });

  /** A real host applies its sources within moments, so lasting differences are simulated. */
  describe("of a host that does not apply changes by itself", () => {
    let world: World;
    let host: ConsoleHost;

    beforeEach(async () => {
      const names = ["a", "b", "c", "d"];
      world = createWorld(
        names.map((name) => declare(name)),
        [...names, "e", "f"],
      );
      await world.run();
      host = startConsoleHost(() => [], 0, { reconcile: (wanted) => world.run(wanted) });
    });
    const declared = (...declarations: ReturnType<typeof declare>[]): void => {
      world.config = { settings: settings(), declarations };
    };

    test("a plan is carried out: starts, stops by name, replacements and how", async () => {
      await using _closing = host;
      declared(declare("a"), declare("b"), declare("c", { index: "elsewhere" }), declare("e"), declare("f"));
      await using opened = await browser.open(`${host.url}ui/reconcile`);
      const { page, faults } = opened;
      const apply = page.getByRole("button", { name: "Apply: start 2, stop 1, replace 1" });
      await apply.waitFor();
      const sum = page.getByRole("list", { name: "Plan" });
      expect((await sum.getByRole("listitem").allInnerTexts()).join(" · ")).toBe(
        "2 start · 1 stop · 1 replace · 2 keep (show) · 0 pending · 0 refused",
      );
      expect(await row(page, "elsewhere").locator("del").innerText()).toBe("c");
      expect(await row(page, "elsewhere").locator("ins").innerText()).toBe("elsewhere");
      await keepScreenshot(page, "reconcile-plan");

      await apply.click();
      const dialog = page.getByRole("dialog", { name: "Stop 1 topic?" });
      await dialog.waitFor();
      expect(await dialog.getByRole("listitem").allInnerTexts()).toEqual(["d"]);
      await keepScreenshot(page, "reconcile-stop");
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await dialog.waitFor({ state: "detached" });
      expect(world.running()).toEqual(["a", "b", "c", "d"]);

      await apply.click();
      await dialog.getByRole("button", { name: /^Apply/ }).click();
      await page.getByText("Started 2, stopped 1, replaced 1.").waitFor();
      await page.getByText("Nothing to change. Checked").waitFor();
      expect(world.running()).toEqual(["a", "b", "c", "e", "f"]);
      expect(faults).toEqual([]);
    }, 240_000);

    test("a plan that changed since it was shown is refused, and the new one shown", async () => {
      await using _closing = host;
      declared(declare("a"), declare("b"), declare("c"), declare("d"), declare("e"));
      await using opened = await browser.open(`${host.url}ui/reconcile`, { expects: /409/ });
      const { page, faults } = opened;
      const apply = page.getByRole("button", { name: "Apply: start 1", exact: true });
      await apply.waitFor();
      declared(declare("e"));
      await apply.click();
      await page.getByText("The plan changed. Review again.").waitFor();
      expect(world.running()).toEqual(["a", "b", "c", "d"]);
      await page.getByRole("button", { name: "Apply: start 1, stop 4" }).waitFor();
      await keepScreenshot(page, "reconcile-stale");
      expect(faults).toEqual([]);
    }, 240_000);

    test("to stop more than half of all topics, their number must be typed", async () => {
      await using _closing = host;
      declared(declare("a"));
      await using opened = await browser.open(`${host.url}ui/reconcile`);
      const { page, faults } = opened;
      await page.getByRole("button", { name: "Apply: stop 3" }).click();
      const dialog = page.getByRole("dialog", { name: "Stop 3 topics?" });
      const go = dialog.getByRole("button", { name: "Apply: stop 3" });
      expect(await go.isDisabled()).toBe(true);
      await dialog.getByRole("textbox").fill("2");
      expect(await go.isDisabled()).toBe(true);
      await dialog.getByRole("textbox").fill("3");
      await go.click();
      await page.getByText("Stopped 3.").waitFor();
      expect(world.running()).toEqual(["a"]);
      expect(faults).toEqual([]);
    }, 240_000);

    test("failures are listed by name and reason, and do not count as started", async () => {
      await using _closing = host;
      world.broken.add("f");
      declared(declare("a"), declare("b"), declare("c"), declare("d"), declare("e"), declare("f"));
      await using opened = await browser.open(`${host.url}ui/reconcile`);
      const { page } = opened;
      await page.getByRole("button", { name: "Apply: start 2" }).click();
      await page.getByText("Started 1.").waitFor();
      expect(await page.getByRole("alert").innerText()).toContain("f failed: broken");
    }, 240_000);

    test.each(looks)(
      "axe finds nothing: $name",
      async ({ name, options }) => {
        await using _closing = host;
        declared(declare("a"), declare("b", { index: "elsewhere" }), declare("e"), declare("nowhere"));
        await using opened = await browser.open(`${host.url}ui/reconcile?kept=1`, options);
        const { page } = opened;
        const isFine = (what: string) => expectFine(page, `reconcile-${what}-${name}`);
        await page.getByRole("button", { name: /^Apply/ }).waitFor();
        await isFine("plan");
        await page.getByRole("button", { name: /^Apply/ }).click();
        await isFine("dialog");
      },
      240_000,
    );
  });
});
