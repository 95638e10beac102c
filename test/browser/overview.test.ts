import { afterAll, beforeAll, expect, test } from "bun:test";
import { hostname } from "node:os";
import type { OverviewMessage } from "../../infra/api/live-messages.ts";
import { createHistory } from "../../infra/host/live/history.ts";
import { overviewOf } from "../../infra/host/live/views.ts";
import type { OutcomeCounts } from "../../lib/rules/progress/status.ts";
import { ready } from "../infra/host/http/fixture.ts";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { listedTopic, partitionStatus, sampleOf, topicStatus } from "../support/topic-status.ts";

describeInBrowser("the overview and a topic's page", () => {
  const browser = useBrowser();
  const [topic, missing] = [uniqueName("seen"), uniqueName("missing")];
  const world = useConsoleWorld();
  let host: TestHost;
  let counts: OutcomeCounts;

  beforeAll(async () => {
    await world.kafka.createTopic(topic, 2);
    await world.kafka.produce(
      topic,
      Array.from({ length: 100 }, (_, n) => ({ value: `line ${n}`, partition: n % 2 })),
    );
    host = await startTestHost({
      ...world.servers,
      topics: [{ topic, path: "/var/log/seen.log" }, missing, { pattern: `${topic}*`, index: "another" }],
    });
    ({ counts } = await host.untilIndexed(topic, 100));
  }, 240_000);
  afterAll(() => host?.[Symbol.asyncDispose]());

  test("the overview shows running and waiting topics, rates and sources; one click leads to the topic", async () => {
    await using opened = await browser.open(host.url);
    const { page, faults } = opened;
    await page.getByText("1 of 2 topics running · 1 pending").waitFor();
    await page.getByText(`${counts.indexed} indexed by this host since`).waitFor();
    // Another host may have refused some.
    await page.getByText("No record was refused by this host since it started").waitFor();
    for (const check of ["Config", "Kafka", "Elasticsearch", "etcd", "Progress"])
      await page.getByText(`${check} works`).waitFor();
    const sources = page.getByRole("region", { name: "Sources of declarations" });
    expect(await sources.getByRole("row").count()).toBe(3);
    expect(await sources.innerText()).toContain(host.configPath);
    await page.getByText("1 declaration overruled by").waitFor();
    await page.locator("canvas").first().waitFor();
    await page.getByRole("columnheader", { name: "Target", exact: true }).waitFor();
    await keepScreenshot(page, "overview");

    await page.getByRole("link", { name: "1 running" }).click();
    expect(new URL(page.url()).search).toBe("?state=running");
    await page.getByRole("region", { name: "Topics" }).getByRole("link", { name: topic }).click();
    await page.getByRole("heading", { level: 1, name: topic }).waitFor();
    const title = `${topic} · ${hostname()} · Penstock`;
    await eventually("the title is the topic's, a frame later", async () => (await page.title()) === title);
    await page.getByText("Declared in").waitFor();
    expect(await page.getByText("differs;").innerText()).toContain('"another"');
    const partitions = page.getByRole("region", { name: "Partitions" });
    await eventually(
      "both are read here",
      async () => (await partitions.getByText("this host").count()) === 2,
    );
    expect(await page.getByRole("row", { name: "path" }).innerText()).toContain("/var/log/seen.log");
    await page.getByText("None.").waitFor();
    await keepScreenshot(page, "topic");
    expect(faults).toEqual([]);
  }, 240_000);

  test("a first page loads 35 KB at most, and 65 with the charts", async () => {
    // A fresh profile: nothing is in its cache, and no other page's part can be on its way.
    await using opened = await browser.open("about:blank");
    const { page } = opened;
    const loaded = new Map<string, number>();
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (pathname === "/" || pathname.startsWith("/assets/"))
        loaded.set(pathname, Number(response.headers()["content-length"]));
    });
    await page.goto(host.url);
    await world.kafka.produce(topic, [{ value: "for the charts" }]);
    await host.untilIndexed(topic, 101);
    await page.locator("canvas").first().waitFor();
    const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, bytes) => total + bytes, 0);
    const charts = [...loaded].filter(([path]) => path.includes("line-chart"));
    expect(charts).toHaveLength(1);
    expect(sum(loaded.values())).toBeWithin(40_000, 65 * 1024);
    expect(sum(loaded.values()) - sum(charts.map(([, bytes]) => bytes))).toBeWithin(15_000, 35 * 1024);
  }, 240_000);

  test("figures update while the page is open", async () => {
    await using opened = await browser.open(`${host.url}ui/topics/${topic}`);
    const { page } = opened;
    const indexed = page.locator(".figure", { hasText: "Indexed" });
    await indexed.waitFor();
    const before = Number((await indexed.innerText()).replace(/\D/g, ""));
    await world.kafka.produce(topic, [{ value: "one more" }]);
    await indexed.getByText(String(before + 1), { exact: true }).waitFor();
  }, 240_000);

  test("a waiting topic gives its reason; an undeclared one says so", async () => {
    await using opened = await browser.open(`${host.url}ui/topics/${missing}`);
    await opened.page.getByText("Penstock never creates it").waitFor();
    await opened.page.goto(`${host.url}ui/topics/nobody`);
    await opened.page.getByText("No source declares this topic").waitFor();
    await opened.page.goto(`${host.url}ui/topics/__proto__`);
    await opened.page.getByText("No source declares this topic").waitFor();
    expect(opened.faults).toEqual([]);
  }, 240_000);

  test("an unreadable config is shown first, as text", async () => {
    await using other = await startTestHost({ ...world.servers, topics: [] });
    await using opened = await browser.open(other.url);
    await opened.page.getByText("No topics are declared").waitFor();
    await other.writeConfig('topics: ["<img src=x onerror=alert(1)>"]\nhttp: { port: 0 }\n');
    await opened.page.getByText(/config not accepted for \d+ s; last good kept/).waitFor();
    expect(await opened.page.getByText("<img src=x onerror=alert(1)>").count()).toBeGreaterThan(0);
    expect(await opened.page.locator("img").count()).toBe(1);
    expect(opened.faults).toEqual([]);
    await keepScreenshot(opened.page, "overview-broken-config");
  }, 240_000);

  test.each(looks)(
    "axe finds nothing: $name",
    async ({ name, options }) => {
      for (const [path, text] of [
        ["", "Sources"],
        ["ui/topics", "Records/s"],
        [`ui/topics/${topic}`, "None."],
      ] as const) {
        await using opened = await browser.open(`${host.url}${path}`, options);
        await opened.page.getByText(text).first().waitFor();
        await expectFine(
          opened.page,
          `${path.split("/")[path.split("/").length - 1] === topic ? "topic" : path.replace("ui/", "") || "overview"}-${name}`,
        );
      }
    },
    240_000,
  );
});

describeInBrowser("the overview of a host that has just started", () => {
  const browser = useBrowser();

  test("an unknown value is neither zero nor a failure", async () => {
    const refusal = {
      source: { kind: "config", name: "config.yaml", revision: null },
      name: null,
      reason: "no such file",
      lastGoodKept: false,
    } as const;
    const history = createHistory();
    const statuses = [topicStatus({ partitions: [partitionStatus({ lag: null })] })];
    history.sample(statuses.map(sampleOf), { epochMs: Date.now(), monotonicMs: 0 });
    const source = { error: null, declarations: 0, lastSuccess: null, revision: null };
    const message: OverviewMessage = {
      ...overviewOf({
        at: Date.now(),
        startedAt: Date.now(),
        statuses,
        health: ready,
        deadLetteredAt: null,
        massStop: null,
        inFlight: { bytes: 0, maxBytes: 1 },
        sources: [{ ...source, kind: "config", name: "config.yaml", ok: null }],
        reconciled: null,
        history,
        owners: () => null,
        listed: (some) => some.map(listedTopic),
      }),
      refused: [refusal, refusal],
      refusedCount: 2,
    };
    const live = {
      summary: () => ({ name: "machine", version: "0.0.0", startedAt: 0, verdict: message.verdict }),
      subscribe(_subject: unknown, send: (event: string, message: object) => void) {
        send("overview", message);
        return () => {};
      },
    };
    await using host = startConsoleHost(() => statuses, 0, { live });
    await using opened = await browser.open(host.url);
    const { page, faults } = opened;
    await page.getByText("records behind").waitFor();
    expect(await page.getByText("–records behind").count()).toBe(1);
    await page.getByText("no records in this time").waitFor();
    await page.getByText("not known in this time").waitFor();
    expect(await page.getByRole("cell", { name: "not read yet" }).count()).toBe(1);
    expect(await page.getByText("not accepted").count()).toBe(0);
    expect(await page.getByText("no such file").count()).toBe(2);
    expect(await page.locator("canvas").count()).toBe(0);
    expect(faults).toEqual([]);
  }, 240_000);
});
