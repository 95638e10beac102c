import { expect, test } from "bun:test";
import type { RebuildTopicInput } from "../../functions/rebuild-topic.ts";
import { rebuildStatusOf, type RebuildStatus } from "../../lib/rules/rebuild/rebuild-status.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { rebuildOrder, rebuildPosition } from "../support/rebuilds.ts";
import { listedTopic } from "../support/topic-status.ts";

const counts = { indexed: 250_000, duplicate: 1_200, deadLettered: 3, skipped: 0 };

/** A rebuild of 1,000,000 records. */
function rebuildAt(next: number, live = "app-1"): RebuildStatus {
  return rebuildStatusOf(rebuildOrder, {
    positions: new Map([[0, rebuildPosition({ next, counts })]]),
    log: new Map([[0, { start: 0, end: 1_000_000 }]]),
    uuid: "u2",
    live,
    held: null,
    rate: 5_000,
  });
}

describeInBrowser("the rebuild of a topic", () => {
  const browser = useBrowser();

  test("is begun, followed, swapped and finished on the topic's page", async () => {
    let rebuild: RebuildStatus | null = null;
    const asked: unknown[] = [];
    const steer = async (input: RebuildTopicInput) => {
      asked.push(input);
      if (input.index === "taken")
        throw new PenstockError("usage", 'Topic "app" cannot: "taken" is an alias');
      const steps: Partial<Record<typeof input.action, RebuildStatus | null>> = {
        begin: rebuildAt(251_203),
        swap: rebuildAt(1_000_000, "app-2"),
        finish: null,
      };
      rebuild = steps[input.action] ?? null;
      return { message: `${input.action} was done.`, status: rebuild };
    };
    await using host = startConsoleHost(() => [listedTopic({ topic: "app", rebuild })], 0, {
      rebuild: steer,
    });
    await using opened = await browser.open(`${host.url}ui/topics/app`, { expects: /400|500/ });
    const { page } = opened;
    const panel = page.getByRole("region", { name: "Rebuild" });
    const button = (name: string) => panel.getByRole("button", { name });

    await panel.getByText("Rebuild into another index").click();
    await panel.getByLabel("New index").fill("taken");
    await button("Rebuild").click();
    await panel.getByText('"taken" is an alias').waitFor();
    await panel.getByLabel("New index").fill("app-2");
    await button("Rebuild").click();
    await panel.getByText("25 % of 1,000,000 records, 5,000 a second, 2.5 minutes left").waitFor();
    expect(await button("Swap").count()).toBe(0);
    await keepScreenshot(page, "topic-rebuild");
    rebuild = rebuildAt(1_000_000);
    await button("Swap: app-2 becomes the live index").click();
    await panel.getByText("swapped: 100 %").waitFor();
    await button("Back to app-1").waitFor();
    await button("Finish: write only app-2").click();
    await panel.getByText("finish was done.").waitFor();
    await panel.getByText("Rebuild into another index").waitFor();
    const by = { topic: "app", force: false, by: "console" };
    expect(asked).toEqual([
      { ...by, action: "begin", index: "taken" },
      { ...by, action: "begin", index: "app-2" },
      { ...by, action: "swap", index: null },
      { ...by, action: "finish", index: null },
    ]);
  }, 240_000);

  test.each(looks)(
    "axe finds nothing: $name",
    async ({ name, options }) => {
      const rebuild = { ...rebuildAt(251_203), reason: "Elasticsearch <b>is away</b>" };
      await using host = startConsoleHost(() => [listedTopic({ topic: "app", rebuild })]);
      await using opened = await browser.open(`${host.url}ui/topics/app`, { ...options, expects: /500/ });
      await opened.page.getByText("Elasticsearch <b>is away</b>").waitFor();
      await expectFine(opened.page, `topic-rebuild-${name}`);
    },
    240_000,
  );
});
