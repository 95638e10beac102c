import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { openFailureStore, putFailureStoreTemplate } from "../support/refused.ts";

describeInBrowser("failure stores", () => {
  const browser = useBrowser();
  const topic = uniqueName("stored");
  const hostile = "<script>alert(1)</script>\u001b[31m";
  const world = useConsoleWorld();
  let host: TestHost;
  /** By record: what lies in the store. A bulk that a busy Elasticsearch answered too late was sent again. */
  let copies: Map<string, number>;
  const sum = (counts: Iterable<number>): number => [...counts].reduce((all, one) => all + one, 0);

  beforeAll(async () => {
    await world.kafka.createTopic(topic);
    await putFailureStoreTemplate(world.elasticsearch, topic, { pattern: `${topic}*`, field: "price" });
    // Its store is empty.
    await world.elasticsearch.demand("PUT", `/${topic}.none/_create/well?refresh=true`, {
      "@timestamp": "2026-01-01T00:00:00Z",
      price: 1,
    });
    await openFailureStore(world.elasticsearch, topic, { price: "of another program" });
    host = await startTestHost({
      ...world.servers,
      topics: [
        { topic, format: "json", rejected: "dead-letter" },
        { topic: `${topic}.none`, format: "json" },
      ],
    });
    await world.kafka.produce(topic, [
      { value: '{"price":1,"message":"well"}' },
      ...Array.from({ length: 3 }, (_, n) => ({
        value: JSON.stringify({ price: `${n} ${hostile}`, message: `order ${n}`, big: 1 }),
      })),
    ]);
    await host.untilTopic(topic, "refused them", ({ counts }) => counts.deadLettered === 3);
    await eventually("they can be found", async () => {
      await world.elasticsearch.request("POST", `/${topic}::failures/_refresh`);
      return (await world.elasticsearch.count(topic)) === 1;
    });
    const stored = await world.elasticsearch.demand("POST", `/${topic}::failures/_search`, {
      query: { prefix: { "document.id": `${topic}:0:` } },
      size: 100,
    });
    const { hits } = (stored as unknown as { hits: { hits: { _source: { document: { id: string } } }[] } })
      .hits;
    copies = new Map();
    for (const { document } of hits.map(({ _source }) => _source))
      copies.set(document.id, (copies.get(document.id) ?? 0) + 1);
    expect(copies.size).toBe(3);
  }, 240_000);
  afterAll(() => host?.[Symbol.asyncDispose]());

  test("the dead-letter page shows what lies there beside the letters, and what a replay would delete", async () => {
    await using opened = await browser.open(`${host.url}ui/dead-letters?topic=${topic}`);
    const { page, faults } = opened;
    await page.getByText("3 dead letters in 1 group").waitFor();
    await page.getByRole("heading", { name: "Failure stores" }).waitFor();
    await page
      .getByText(`${sum(copies.values())} documents of 3 records, a copy for each refusal.`)
      .waitFor();
    await page.getByText("Also 1 document of other programs.").waitFor();
    const stored = page.getByRole("region", { name: `Refused documents of ${topic} by error` });
    expect(await stored.innerText()).toContain(`${topic}:0:`);
    await keepScreenshot(page, "failure-stores");
    await using all = await browser.open(`${host.url}ui/dead-letters`);
    await all.page.getByText(`Nothing lies in that of ${topic}.none.`).waitFor();
    await page.bringToFront();

    // One of them is in the index by now, under its own id.
    const [id = "", ofOne = 0] = [...copies].find(([one]) => one.startsWith(`${topic}:0:1:`)) ?? [];
    await world.elasticsearch.demand("PUT", `/${topic}/_create/${encodeURIComponent(id)}?refresh=true`, {
      "@timestamp": "2026-01-01T00:00:00Z",
      price: 2,
    });
    await page.getByRole("button", { name: "Count what a replay would delete" }).click();
    await page.getByText("Nothing was sent: this was a dry run.").waitFor();
    const counted = ofOne === 1 ? "1 document" : `${ofOne} documents`;
    await page.getByText(`${counted} would be deleted from failure stores`).waitFor();
    await keepScreenshot(page, "failure-stores-dry-run");
    expect(faults).toEqual([]);
  }, 240_000);

  test("Explore says that documents were refused, and shows them with their errors and fields", async () => {
    await using opened = await browser.open(`${host.url}ui/explore?topic=${topic}&q=order&from=now-1h`);
    const { page, faults } = opened;
    const all = sum(copies.values());
    await page.getByText(`${all} documents were refused in this time`).waitFor();
    await page.getByRole("link", { name: "Show what was refused" }).click();
    const rows = page.getByRole("list", { name: "Refused documents" }).getByRole("listitem");
    await rows.first().waitFor();
    // With a topic, only its own: not those of other programs.
    await page.getByText(`${all} refused`).waitFor();
    expect(await rows.count()).toBe(all);
    expect(await rows.first().innerText()).toContain("document_parsing_exception: ");
    await rows.first().getByRole("button").click();
    await page.getByText(/partition 0, offset/).waitFor();
    const fields = page.getByRole("region", { name: "Fields" });
    expect(await fields.innerText()).toContain("<script>alert(1)</script>");
    await keepScreenshot(page, "explore-refused");
    await page.getByLabel("Search the lines").fill("nothing-like-it");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing was refused in this time.").waitFor();
    await page.getByRole("link", { name: "Back to the logs" }).click();
    await page.getByText("Show what was refused").waitFor();
    expect(new URL(page.url()).searchParams.get("in")).toBeNull();
    await keepScreenshot(page, "explore-refused-notice");
    await page.goto(`${host.url}ui/explore?topic=${topic}.none&from=now-1h`);
    await page.getByText("0 matches").waitFor();
    expect(await page.getByText("Show what was refused").count()).toBe(0);
    expect(faults).toEqual([]);
  }, 240_000);

  test.each(looks)(
    "Explore's refused documents are accessible: $name",
    async ({ name, options }) => {
      const address = `${host.url}ui/explore?topic=${topic}&from=now-1h&in=failure-stores`;
      await using opened = await browser.open(address, options);
      const { page } = opened;
      await page.getByRole("list", { name: "Refused documents" }).getByRole("button").first().click();
      await expectFine(page, `explore-refused-${name}`);
    },
    240_000,
  );

  test.each(looks)(
    "it is accessible: $name",
    async ({ name, options }) => {
      await using opened = await browser.open(`${host.url}ui/dead-letters?topic=${topic}`, options);
      await opened.page.getByRole("heading", { name: "Failure stores" }).waitFor();
      await expectFine(opened.page, `failure-stores-${name}`);
    },
    240_000,
  );
});
