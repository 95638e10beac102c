import { expect, test } from "bun:test";
import type { HoldInput } from "../../functions/hold-topics.ts";
import type { Hold } from "../../lib/rules/progress/hold.ts";
import { describeInBrowser, expectFine, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { partitionStatus, topicStatus } from "../support/topic-status.ts";

describeInBrowser("a topic is held on its page", () => {
  const browser = useBrowser();

  test.each(looks)(
    "with who and why, and released there: $name",
    async ({ name, options }) => {
      const orders: HoldInput[] = [];
      let hold: Hold | null = null;
      const since = new Date(Date.now() - 60_000).toISOString();
      const status = () =>
        topicStatus({
          topic: "app",
          hold,
          partitions: [partitionStatus({ lag: 1_234 })],
          ...(hold === null ? {} : { state: "held" as const, since, reason: "held by alice: reindexing" }),
        });
      await using host = startConsoleHost(() => [status()], 0, {
        async hold(input) {
          orders.push(input);
          hold = input.held ? { from: "order", by: input.by, since, reason: input.reason } : null;
          const action = input.held ? "held" : "released";
          return [{ topic: "app", action, message: "done", hold, waiting: [], hosts: null }];
        },
      });
      await using opened = await browser.open(`${host.url}ui/topics/app`, options);
      const { page } = opened;
      await page.getByRole("button", { name: "Hold…" }).click();
      await page.getByLabel("Your name").fill("alice");
      await page.getByLabel("Reason").fill("reindexing");
      await expectFine(page, `topic-hold-dialog-${name}`);
      await page.getByRole("button", { name: "Hold", exact: true }).click();
      await page.getByText("held by alice: reindexing").waitFor();
      await expectFine(page, `topic-held-${name}`);
      await page.getByRole("button", { name: "Release…" }).click();
      await page.getByRole("button", { name: "Release", exact: true }).click();
      await page.getByRole("button", { name: "Hold…" }).waitFor();
      expect(orders).toMatchObject([
        { topics: ["app"], held: true, by: "alice", reason: "reindexing" },
        { topics: ["app"], held: false },
      ]);
    },
    240_000,
  );

  test("and one that its declaration holds says to release it there", async () => {
    const hold = { from: "declaration", by: "entry 2 of c.yaml", since: new Date().toISOString() } as const;
    const status = topicStatus({ topic: "app", hold: { ...hold, reason: null }, state: "held" });
    await using host = startConsoleHost(() => [status]);
    await using opened = await browser.open(`${host.url}ui/topics/app`, {});
    const { page } = opened;
    await page.getByText("Its declaration holds it: remove hold: true there").waitFor();
    expect(await page.getByRole("button", { name: /Hold…|Release…/ }).count()).toBe(0);
  }, 240_000);
});
