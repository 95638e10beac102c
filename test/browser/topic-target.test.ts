import { expect, test } from "bun:test";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { listedTopic, partitionStatus, targetStatus } from "../support/topic-status.ts";

const dayMs = 86_400_000;

describeInBrowser("what a topic's target holds", () => {
  const browser = useBrowser();
  const world = useConsoleWorld();

  test("a data stream that two topics share, on real servers", async () => {
    const [one, two] = [uniqueName("held"), uniqueName("held")];
    const stream = uniqueName("logs-held");
    const topics = [
      { topic: one, dataStream: stream, retention: "30d" },
      { topic: two, dataStream: stream, retention: "7d" },
    ];
    for (const topic of [one, two]) {
      await world.kafka.createTopic(topic);
      await world.kafka.produce(
        topic,
        ["2026-11-20T08:00:00Z", "2026-11-22T09:30:00Z"].map((time) => ({
          value: "a line",
          timestamp: String(Date.parse(time)),
        })),
      );
    }
    const config = { ...world.servers, topics };
    {
      await using first = await startTestHost(config);
      for (const topic of [one, two])
        await first.untilTopic(topic, "is committed", ({ partitions }) => partitions[0]?.committed === 2);
    }
    await world.elasticsearch.demand("POST", `/${stream}/_rollover`);
    await world.elasticsearch.demand("POST", `/${stream}/_refresh`);

    // Another one, because the first was asked about its topics, and asks Elasticsearch once a minute.
    await using host = await startTestHost(config);
    await using opened = await browser.open(`${host.url}ui/topics/${one}?tz=utc`);
    const { page, faults } = opened;
    const panel = page.locator("section", { has: page.getByRole("heading", { name: "In Elasticsearch" }) });
    const textOf = async () => (await panel.innerText()).replaceAll(/\s+/g, " ");
    // If a busy Elasticsearch has no whole answer, it is asked again a minute later.
    await eventually(
      "both topics are counted",
      async () => (await textOf()).includes("Documents 4 2 of this topic"),
      45_000,
    );
    const text = await textOf();
    expect(text).toContain(`${stream} is a data stream of 2 generations.`);
    expect(text).toContain("Kept 30 days from the rollover of an index");
    const times = await panel
      .locator("dd time")
      .evaluateAll((all) => all.map((one) => one.getAttribute("datetime")));
    expect(times).toEqual(["2026-11-20T08:00:00.000Z", "2026-11-22T09:30:00.000Z"]);
    await keepScreenshot(page, "topic-target");
    const specification = page.locator("section", {
      has: page.getByRole("heading", { name: "Specification" }),
    });
    const fields = await specification.getByRole("row").allInnerTexts();
    expect(fields.filter((text) => text.includes(stream))).toEqual([`dataStream\t${stream}`]);

    await page.goto(`${host.url}ui/declarations`);
    const state = (topic: string) =>
      page.getByRole("row").filter({ hasText: topic }).locator("[data-label=State]");
    await state(two).waitFor();
    await eventually("both run", async () =>
      (await Promise.all([one, two].map((topic) => state(topic).innerText()))).every((text) =>
        text.endsWith("\nrunning"),
      ),
    );
    expect(await state(one).innerText()).toBe("✓ in force\nrunning");
    expect(await state(two).innerText()).toMatch(
      new RegExp(
        `^▲ in force, but its retention does not count: data stream ${stream} keeps documents for 30d, as \\S+, entry 1 declares\\nrunning$`,
      ),
    );
    await keepScreenshot(page, "declarations-retention");
    await page.goto(`${host.url}ui/topics`);
    await page.getByRole("columnheader", { name: "Target" }).waitFor();
    await keepScreenshot(page, "topics-target");
    expect(faults).toEqual([]);

    await eventually("the documents are counted", async () => {
      const listed = await host.topics();
      expect(listed.map(({ target }) => [target?.kind, target?.documents, target?.topicDocuments])).toEqual([
        ["data stream", 4, 2],
        ["data stream", 4, 2],
      ]);
      return true;
    });
  }, 480_000);

  test("late reading, what is missing, and what does not exist are said", async () => {
    const now = Date.now();
    const targets = {
      late: targetStatus({
        from: now - 7 * dayMs,
        to: now,
        at: now,
        retentionMs: 7 * dayMs,
        warning: "the oldest unread record is 9 days old, but logs-app-prod keeps only 7 days",
      }),
      secret: targetStatus({
        kind: null,
        generations: null,
        documents: null,
        bytes: null,
        from: null,
        to: null,
        retentionMs: null,
        at: null,
        reason: "the index privilege <b>monitor</b> is missing on logs\u202e",
      }),
      none: targetStatus({ kind: "absent", generations: 0, documents: 0, bytes: 0 }),
      asked: null,
    };
    const partitions = [partitionStatus({ lag: 9, oldestUnreadAt: now - 9 * dayMs })];
    const statuses = Object.entries(targets).map(([topic, target]) =>
      listedTopic({ topic, target, partitions }),
    );
    await using host = startConsoleHost(() => statuses);
    const shown = async (topic: string) => {
      await using opened = await browser.open(`${host.url}ui/topics/${topic}`, { expects: /500/ });
      const { page } = opened;
      const panel = page.locator("section", { has: page.getByRole("heading", { name: "In Elasticsearch" }) });
      await panel.waitFor();
      if (topic === "late") await keepScreenshot(page, "topic-target-late");
      return (await panel.innerText()).replaceAll(/\s+/g, " ");
    };
    const late = await shown("late");
    expect(late).toContain("the oldest unread record is 9 days old, but logs-app-prod keeps only 7 days");
    expect(late).toContain("Documents 12.4 M");
    expect(late).toContain("Size 3.1 GiB");
    const secret = await shown("secret");
    expect(secret).toContain("is not known yet.");
    expect(secret).toContain("the index privilege <b>monitor</b> is missing on logs‹U+202E›");
    expect(await shown("none")).toContain("does not exist yet; its first document creates it.");
    expect(await shown("asked")).toContain("Asking Elasticsearch…");
  }, 240_000);

  test("the overview names a topic that is read too late", async () => {
    const now = Date.now();
    const warning =
      "the oldest unread record is 9 days old, but logs-app-prod keeps only 7 days: documents of that time may be deleted already";
    const partitions = [partitionStatus({ lag: 9, oldestUnreadAt: now - 9 * dayMs })];
    const statuses = [
      listedTopic({ topic: "late", target: targetStatus({ warning }), partitions }),
      listedTopic({ topic: "well", target: targetStatus() }),
    ];
    await using host = startConsoleHost(() => statuses);
    await using opened = await browser.open(host.url);
    const { page, faults } = opened;
    await page.getByText("late is read later than its target keeps documents").waitFor();
    await page.getByText(warning).waitFor();
    const list = page.getByRole("list", { name: "Topics that need attention" });
    expect(await list.getByRole("listitem").count()).toBe(1);
    await keepScreenshot(page, "overview-late");
    expect(faults).toEqual([]);
  }, 240_000);

  test.each(looks)(
    "axe finds nothing: $name",
    async ({ name, options }) => {
      const status = listedTopic({
        topic: "late",
        target: targetStatus({ topicDocuments: 5, warning: "late" }),
      });
      await using host = startConsoleHost(() => [status]);
      await using opened = await browser.open(`${host.url}ui/topics/late`, options);
      await opened.page.getByText("of this topic").waitFor();
      await expectFine(opened.page, `topic-target-${name}`);
    },
    240_000,
  );
});
