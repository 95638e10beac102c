import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";

describeInBrowser("Kafka beside Elasticsearch", () => {
  const browser = useBrowser();
  const run = uniqueName("beside");
  const [declared, foreign] = [`${run}-declared`, `${run}-foreign`];
  const world = useConsoleWorld();
  let host: TestHost;

  beforeAll(async () => {
    await world.kafka.createTopic(declared);
    await world.kafka.createTopic(foreign, 2);
    await world.kafka.produce(
      declared,
      Array.from({ length: 45 }, (_, n) => ({
        key: `key ${n}`,
        value: n === 44 ? Buffer.from([0xff, 0xfe]) : `{"n":${n},"message":"<b>line ${n}</b>\u202e"}`,
        headers: { trace: `t${n}` },
      })),
    );
    await world.kafka.produce(foreign, [{ value: "nobody declared it", partition: 1 }]);
    host = await startTestHost({ ...world.servers, topics: [declared] });
    await host.untilTopic(declared, "is read", ({ partitions }) => partitions[0]?.committed === 45);
  }, 240_000);
  afterAll(() => host?.[Symbol.asyncDispose]());

  test("a topic that nobody declared is found, looked into, and declared with one click", async () => {
    await using opened = await browser.open(`${host.url}ui/kafka?q=${run}`);
    const { page, faults } = opened;
    const row = page.getByRole("row").filter({ hasText: foreign });
    await row.getByText("not declared").waitFor();
    expect(await page.getByRole("row").filter({ hasText: declared }).innerText()).toContain("45");
    await row.getByRole("link", { name: foreign, exact: true }).click();
    await page.getByText("the log is empty").waitFor();
    await page.getByLabel("Partition").fill("1");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("nobody declared it").click();
    await page.getByRole("button", { name: "Is it in the index?" }).click();
    await page.getByText("Nobody declares this topic").waitFor();
    await page.getByRole("link", { name: "Declare it" }).click();
    await page.waitForURL(/form=add/);
    expect(new URL(page.url()).searchParams.get("topic")).toBe(foreign);
    expect(faults).toEqual([]);
  }, 480_000);

  test("records by offset, older and newer; text, JSON and bytes; and what became of one", async () => {
    await using opened = await browser.open(`${host.url}ui/kafka?topic=${declared}&partition=0`);
    const { page, faults } = opened;
    await page.getByText("2 bytes that are no text").waitFor();
    await page.getByRole("link", { name: "← Older" }).click();
    const entry = page.getByRole("link", { name: /line 5</ });
    await entry.click();
    await page.getByRole("button", { name: "Hex" }).click();
    await page.getByText("7b 22 6e 22 3a 35 2c").waitFor();
    await page.getByRole("button", { name: "JSON" }).click();
    expect(await page.getByLabel("Value, json").innerText()).toContain('"n": 5');
    await page.getByRole("button", { name: "Is it in the index?" }).click();
    await page.getByText("It is in the index.").waitFor();
    await page.getByRole("link", { name: /^Its document in/ }).click();
    await page.getByRole("link", { name: "In Kafka" }).click();
    await page.getByRole("button", { name: "Is it in the index?" }).waitFor();
    expect(new URL(page.url()).searchParams.get("offset")).toBe("5");
    expect(faults).toEqual([]);
  }, 480_000);

  test.each(looks)(
    "looks right: $name",
    async (look) => {
      await using opened = await browser.open(
        `${host.url}ui/kafka?topic=${declared}&partition=0&open=43`,
        look.options,
      );
      const { page } = opened;
      await page.getByRole("button", { name: "Is it in the index?" }).click();
      await page.getByText("It is in the index.").waitFor();
      await expectFine(page, `kafka-records-${look.name}`);
      await page.goto(`${host.url}ui/kafka?q=${run}`);
      await page.getByText("not declared").first().waitFor();
      await keepScreenshot(page, `kafka-topics-${look.name}`);
      const width = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(width).toBe(0);
    },
    480_000,
  );
});
