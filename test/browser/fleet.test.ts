import { expect, test } from "bun:test";
import { fleet } from "../../functions/fleet.ts";
import type { FleetInput, HostReport } from "../../functions/fleet/model.ts";
import type { RosterMember } from "../../lib/rules/group/roster.ts";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { eventually } from "../support/eventually.ts";
import { partitionStatus, topicStatus } from "../support/topic-status.ts";

const version = "0.2.0";
const startedAtMs = Date.now() - 3_600_000;
const counts = { indexed: 1_200_345, duplicate: 3, deadLettered: 12, skipped: 0 };
const topics = Array.from({ length: 1_000 }, (_, n) => `topic-${String(n).padStart(4, "0")}`);

function member(host: string, name: string | null, partitions: readonly number[]): RosterMember {
  return {
    memberId: `penstock-${host}`,
    clientHost: "10.0.0.9",
    host,
    profile: name === null ? null : { name, version, address: `http://${name}:8080`, startedAtMs },
    partitions: new Map(topics.map((topic) => [topic, partitions])),
    counts: new Map(),
    source: { metadata: new Uint8Array(), assignment: new Uint8Array() },
  };
}

const reportOf = (host: string, owned: readonly number[]): HostReport => ({
  host,
  rate: 1_234,
  lag: 17,
  counts,
  topics: topics.map((topic) => ({
    topic,
    state: topic === "topic-0003" ? "stalled" : "running",
    reason: topic === "topic-0003" ? "Elasticsearch answered 403 <b>cluster_block</b>" : null,
    rate: 1,
    counts: { ...counts, indexed: 1 },
    owned: owned.map((partition) => [partition, 1] as const),
  })),
});

/** Four hosts, of which one is away and one of an older version; nobody reads partition 7. */
const fleetOf = (wanted: Pick<FleetInput, "topic" | "limit">) =>
  fleet({
    group: "penstock",
    self: {
      ...reportOf("self", [0, 1, 2]),
      name: "logs-1",
      version,
      address: "http://logs-1:8080",
      startedAtMs,
    },
    roster: {
      members: [
        member("self", "logs-1", [0, 1, 2]),
        member("two", "logs-2", [3, 4]),
        member("three", "logs-3", [5]),
        member("old", null, [6]),
      ],
      partitionCounts: new Map(topics.map((topic) => [topic, 8])),
      isSettled: true,
    },
    problem: null,
    peers: new Map([
      ["two", { kind: "answers", report: reportOf("two", [3, 4]) }],
      [
        "three",
        { kind: "away", reason: "nothing listens there (ECONNREFUSED)", sinceMs: Date.now() - 60_000 },
      ],
    ]),
    gone: [],
    ...wanted,
  });

const start = () =>
  startConsoleHost(
    () => [
      topicStatus({
        topic: "topic-0003",
        partitions: [0, 1, 2].map((partition) => partitionStatus({ partition, owned: partition === 0 })),
      }),
    ],
    0,
    { fleet: { look: async (wanted) => fleetOf(wanted), report: () => "{}" } },
  );

describeInBrowser("the fleet", () => {
  const browser = useBrowser();

  test("shows all hosts, their sums, and in two steps which host reads a partition", async () => {
    await using host = start();
    await using opened = await browser.open(host.url);
    const { page, faults } = opened;
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    // Two keys within a second, which a busy machine may not manage.
    await eventually("the keys lead there", async () => {
      await page.keyboard.type("gf");
      return page.waitForURL("**/ui/fleet", { waitUntil: "commit", timeout: 2_000 }).then(() => true);
    });
    await page.getByRole("heading", { name: "Fleet" }).waitFor();
    await page.getByText("the first 100 of 1,000 topics").waitFor();
    const hosts = page.getByRole("region", { name: "Hosts" }).locator("tbody tr");
    expect(await hosts.locator("th").allInnerTexts()).toEqual(["logs-1", "logs-2", "logs-3", "10.0.0.9"]);
    expect(await hosts.nth(2).innerText()).toContain("nothing listens there");
    expect(await hosts.nth(1).getByRole("link").getAttribute("href")).toBe("http://logs-2:8080/ui/fleet");
    await page.getByText("Sums of the 2 of 4 hosts that answer").waitFor();
    await page.getByText(/1 host away: .*Partitions that no host reads: in 100 topics/).waitFor();
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(3_000);
    await keepScreenshot(page, "fleet-1440");

    await page.keyboard.press("/");
    await page.keyboard.type("TOPIC-0003");
    await page.getByText("1 topic", { exact: true }).waitFor();
    const row = page.getByRole("region", { name: "Partitions by host" }).locator("tbody tr");
    expect(await row.getByRole("listitem").allInnerTexts()).toEqual([
      "logs-1: 0–2",
      "logs-2: 3, 4",
      "logs-3: 5",
      "10.0.0.9: 6",
      "no host: 7",
    ]);
    expect(await row.innerText()).toContain("<b>cluster_block</b>");
    expect(await page.evaluate("location.search")).toBe("?q=TOPIC-0003");
    expect(faults).toEqual([]);
  }, 240_000);

  test("a host that does not answer any more leaves the figures with their time", async () => {
    let isAway = false;
    await using host = startConsoleHost(() => [], 0, {
      fleet: {
        look: async (wanted) => {
          if (isAway) throw new Error("away");
          return fleetOf(wanted);
        },
        report: () => "{}",
      },
    });
    await using opened = await browser.open(`${host.url}ui/fleet`, { expects: /status of 500/ });
    const { page } = opened;
    await page.getByText("the first 100").waitFor();
    isAway = true;
    await page.getByText("What is shown is from").waitFor();
    expect(await page.getByRole("region", { name: "Hosts" }).isVisible()).toBe(true);
    isAway = false;
    await eventually(
      "it is well again",
      async () => (await page.getByText("What is shown is from").count()) === 0,
    );
  }, 240_000);

  test.each(looks)(
    "is accessible and fits: $name",
    async ({ name, options }) => {
      await using host = start();
      await using opened = await browser.open(`${host.url}ui/fleet?q=topic-000`, options);
      const { page } = opened;
      await page.getByText("10 topics", { exact: true }).waitFor();
      await expectFine(page, `fleet-${name}`);
    },
    240_000,
  );

  test("a topic's page names who reads its partitions, and says if nobody does", async () => {
    await using host = start();
    await using opened = await browser.open(`${host.url}ui/topics/topic-0003`);
    const { page } = opened;
    const cells = page.getByRole("region", { name: "Partitions" }).locator("tbody tr td:nth-child(2)");
    await cells.first().waitFor();
    expect(await cells.allInnerTexts()).toEqual(["this host", "no host", "no host"]);
  }, 240_000);
});
