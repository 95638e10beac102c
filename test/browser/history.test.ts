import { expect, test } from "bun:test";
import type { HostHistory } from "../../infra/host/history/host-history.ts";
import { eventOf } from "../../lib/rules/history/event.ts";
import type { LogFields } from "../../lib/rules/base/logger.ts";
import { EventLog } from "../../lib/rules/history/event-log.ts";
import { HistoryStore } from "../../lib/rules/history/history-store.ts";
import { COARSE_STEP_MS, FINE_STEP_MS } from "../../lib/rules/history/series-store.ts";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { partitionStatus, topicStatus } from "../support/topic-status.ts";

const hostile = 'the value "<script>alert(1)</script>\u202e" is refused';
const changes = [
  { field: "index", from: "app", to: "logs-{yyyy.MM.dd}" },
  { field: "format", from: "text", to: "json" },
];

/** A host that started a minute ago, and knows of hours before. */
function world(): Pick<HostHistory, "events" | "series" | "problem"> {
  const now = Date.now();
  const log = new EventLog();
  const tell = (minutesAgo: number, message: string, fields: LogFields): void => {
    const event = eventOf(message, fields, {
      at: now - minutesAgo * 60_000,
      host: "node-1",
      hide: (text) => text,
    });
    if (event !== null) log.add([event]);
  };
  tell(1, "the host started", { version: "1.2.3" });
  tell(1.2, "the host stops", {});
  tell(4, "a topic resumed", { topic: "app" });
  tell(9, "a topic stalled", { topic: "app", reason: hostile });
  tell(12, "a declaration changed", {
    topic: "app",
    change: "changed",
    source: "logs/app",
    revision: 17,
    changes,
  });
  tell(40, "a topic is held", { topic: "other", reason: "held by alice: reindexing" });
  const store = new HistoryStore(now, 7 * 86_400_000);
  const minute = Math.floor(now / FINE_STEP_MS) * FINE_STEP_MS;
  const step = (indexed: number, lag: number) => [
    { topic: "app", lag, indexed, duplicate: 0, deadLettered: 1, skipped: 0 },
  ];
  for (let at = 1; at < 360; at += 1)
    store.add(
      {
        kind: "step",
        run: "r",
        at: minute - at * FINE_STEP_MS,
        stepMs: FINE_STEP_MS,
        part: 0,
        topics: step(600, at),
      },
      now,
    );
  for (let at = 40; at < 900; at += 1)
    store.add(
      {
        kind: "step",
        run: "r",
        at: Math.floor(minute / COARSE_STEP_MS - at) * COARSE_STEP_MS,
        stepMs: COARSE_STEP_MS,
        part: 0,
        topics: step(3_000 + ((at * 37) % 900), 7),
      },
      now,
    );
  return {
    problem: null,
    events: async (filter, size) => log.find(filter, size),
    series: async (topic, spanMs) => store.series(topic, spanMs, now),
  };
}

describeInBrowser("history", () => {
  const browser = useBrowser();
  const topics = () => [topicStatus({ topic: "app", partitions: [partitionStatus({ lag: 4 })] })];

  test.each(looks)(
    "the page tells what happened, filtered by topic and kind: $name",
    async ({ name, options }) => {
      await using host = startConsoleHost(topics, 0, { history: world() });
      await using opened = await browser.open(`${host.url}ui/history`, options);
      const { page, faults } = opened;
      const events = page.locator(".event");
      await events.first().waitFor();
      expect(await events.locator("strong").allTextContents()).toEqual([
        "the host started",
        "the host stops",
        "a topic resumed",
        "a topic stalled",
        "a declaration changed",
        "a topic is held",
      ]);
      const changed = events.filter({ hasText: "a declaration changed" });
      expect(await changed.locator(".removed").allTextContents()).toEqual([
        '− removed: index: "app"',
        '− removed: format: "text"',
      ]);
      await expectFine(page, `history-${name}`);
      await page.getByRole("combobox", { name: "What" }).selectOption("trouble");
      await page.getByText("a declaration changed").waitFor({ state: "detached" });
      expect(await events.locator("strong").allTextContents()).toEqual(["a topic stalled"]);
      expect(new URL(page.url()).search).toBe("?kind=trouble");
      await page.goto(`${host.url}ui/history?topic=other`);
      await page.getByText("a topic is held").waitFor();
      expect(await events.count()).toBe(1);
      expect(faults).toEqual([]);
    },
    240_000,
  );

  test.each(looks)(
    "the charts are full after a restart, and say what happened when: $name",
    async ({ name, options }) => {
      await using host = startConsoleHost(topics, 0, { history: world() });
      await using opened = await browser.open(host.url, options);
      const { page, faults } = opened;
      const rate = page.getByLabel(/^Records per second/);
      await rate.waitFor();
      // The host just started; what was moved before is known all the same.
      await page.getByLabel(/^Records per second, last 15 minutes: .* highest 10(\.0)?\/s/).waitFor();
      await rate.locator(".chart-mark").first().waitFor({ state: "attached" });
      const marks = page.locator(".happened");
      await marks.locator("summary").click();
      await marks.getByText("app: a topic stalled", { exact: false }).waitFor();
      expect(await marks.textContent()).not.toContain("\u202e");
      await page.getByRole("button", { name: "7 d" }).click();
      await page.getByLabel(/^Lag, last 7 days: .* highest \d/).waitFor();
      await keepScreenshot(page, `charts-7d-${name}`);
      await page.getByRole("button", { name: "6 h" }).click();
      await page.getByLabel(/^Lag, last 6 hours: .* highest 35\d/).waitFor();
      await expectFine(page, `charts-6h-${name}`);
      expect(faults).toEqual([]);
    },
    240_000,
  );

  test("a chart keeps its marks where nothing moved: that is when somebody looks for them", async () => {
    const empty = new HistoryStore(Date.now(), 7 * 86_400_000);
    const series = async (topic: string | null, spanMs: number) => empty.series(topic, spanMs, Date.now());
    const quiet = () => [topicStatus({ topic: "app" })];
    await using host = startConsoleHost(quiet, 0, { history: { ...world(), series } });
    await using opened = await browser.open(host.url);
    const { page, faults } = opened;
    const rate = page.getByLabel("Records per second, last 15 minutes: now 0/s, highest 0/s");
    await rate.locator(".chart-mark").first().waitFor({ state: "attached" });
    await keepScreenshot(page, "charts-flat-1440");
    await page.setViewportSize({ width: 390, height: 844 });
    await keepScreenshot(page, "charts-flat-390");
    expect(faults).toEqual([]);
  });
});
