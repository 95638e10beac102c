import { expect, test } from "bun:test";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { partitionStatus, topicStatus } from "../support/topic-status.ts";

const command = 'PUT spark/_settings {"index.blocks.write":null}';

function troubled(changes: Partial<TopicStatus> = {}): TopicStatus {
  const now = Date.now();
  const at = new Date(now - 25_000).toISOString();
  return topicStatus({
    topic: "spark",
    reason: `retrying since ${at}: index spark: Elasticsearch answered 403 cluster_block_exception: index [spark] blocked by: [FORBIDDEN/8/index write (api)];`,
    remedy: { do: "set index.blocks.write to false", command },
    trouble: {
      since: at,
      attempts: 7,
      code: "cluster_block",
      partitions: [0, 2],
      records: 38_825,
      oldestAt: now - 58 * 60_000,
      deletableAt: now + 6 * 86_400_000,
    },
    partitions: [
      partitionStatus({ lag: 20_000, deletableAt: now + 6 * 86_400_000 }),
      partitionStatus({ partition: 1 }),
      partitionStatus({ partition: 2, lag: 18_825 }),
    ],
    ...changes,
  });
}

describeInBrowser("a topic that is tried again in vain", () => {
  const browser = useBrowser();
  const world = () => [
    troubled(),
    topicStatus({ topic: "calm" }),
    troubled({
      topic: "hostile",
      state: "failed",
      reason: "no \u202eroom",
      remedy: { do: "grant \u202eit", command: null },
    }),
  ];

  test.each(looks)(
    "does not look healthy, and says what mends it: $name",
    async ({ name, options }) => {
      await using host = startConsoleHost(world);
      await using opened = await browser.open(host.url, options);
      const { page } = opened;
      const list = page.getByRole("list", { name: "Topics that need attention" });
      const entry = list.getByRole("listitem").filter({ has: page.getByRole("link", { name: "spark" }) });
      await entry.getByText("retrying", { exact: true }).waitFor();
      const text = (await entry.innerText()).replaceAll(/\s+/g, " ");
      expect(text).toContain("38,825 records wait in partitions 0, 2.");
      expect(text).toMatch(/The oldest was written 5[78] min ago\./);
      expect(text).toContain("Tried 7 times.");
      expect(text).toContain("Safe in Kafka for");
      expect(text).toContain("set index.blocks.write to false");
      expect(text).toContain(command);
      expect(await list.innerText()).toContain("grant ‹U+202E›it");
      // The time of the reason is shown as the one beside it.
      const [since = ""] = /(?<=, since )(?:\d{4}-\d\d-\d\d )?[\d:]+/.exec(text) ?? [];
      expect(text).toContain(`retrying since ${since}: index spark:`);
      await page.getByText("2 topics need attention · 1 of 3 topics running, 1 retrying").waitFor();
      const health = page.getByRole("region", { name: "Health" });
      const checks = (await health.innerText()).replaceAll(/\s+/g, " ");
      expect(checks).toContain(
        "Elasticsearch works, but not for all topics answers, but records of 1 topic are tried again",
      );
      expect(checks).toContain("Progress works, but not for all topics 1 topic retrying");
      await page.getByRole("link", { name: "1 retrying" }).waitFor();
      await expectFine(page, `trouble-overview-${name}`);
    },
    240_000,
  );

  test.each(looks)(
    "on its own page and in the table: $name",
    async ({ name, options }) => {
      const tried: string[] = [];
      await using host = startConsoleHost(() => [troubled()], 0, {
        retry: async (topic) => tried.push(topic) > 0,
      });
      await using opened = await browser.open(`${host.url}ui/topics/spark`, options);
      const { page } = opened;
      await page.getByText(command).waitFor();
      // It is said for four seconds.
      await Promise.all([
        page.getByText("Tried", { exact: true }).waitFor(),
        page.getByRole("button", { name: "Try now: spark" }).click(),
      ]);
      expect(tried).toEqual(["spark"]);
      await expectFine(page, `trouble-topic-${name}`);
      await page.goto(`${host.url}ui/topics`);
      const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "spark" }) });
      await row.getByText("retrying", { exact: true }).waitFor();
      expect(await row.innerText()).toContain(command);
      await keepScreenshot(page, `trouble-topics-${name}`);
    },
    240_000,
  );

  test("Kafka is blamed if it takes no dead letters, and Elasticsearch keeps its mark", async () => {
    const topics = (): TopicStatus[] => {
      const { trouble, ...one } = troubled();
      return [{ ...one, trouble: trouble && { ...trouble, code: "dead_letter_unavailable" } }];
    };
    await using host = startConsoleHost(topics);
    await using opened = await browser.open(host.url);
    const { page } = opened;
    const health = page.getByRole("region", { name: "Health" });
    await health.getByText("answers, but dead letters of 1 topic cannot be written").waitFor();
    const checks = (await health.innerText()).replaceAll(/\s+/g, " ");
    expect(checks).toContain("Kafka works, but not for all topics");
    expect(checks).not.toContain("Elasticsearch works, but");
    await keepScreenshot(page, "trouble-letters-1440");
    await page.setViewportSize({ width: 390, height: 844 });
    await keepScreenshot(page, "trouble-letters-390");
  });

  test("the first line names the only one, with a link, and for how long", async () => {
    await using host = startConsoleHost(() => [troubled(), topicStatus({ topic: "calm" })]);
    await using opened = await browser.open(host.url);
    const { page } = opened;
    await page.getByText(/spark is retrying, seen by this host for \d+ s/).waitFor();
    expect(await page.locator(".notice").getByRole("link", { name: "spark" }).getAttribute("href")).toBe(
      "/ui/topics/spark",
    );
  }, 240_000);
});
