import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { strictIndex } from "../support/elasticsearch.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";

/** As long as a trial may take. */
const TRIED = { timeout: 90_000 };

describeInBrowser("Try it", () => {
  const browser = useBrowser();
  const topic = uniqueName("tried");
  const strict = `${topic}-strict`;
  const world = useConsoleWorld();
  let host: TestHost;

  beforeAll(async () => {
    await world.kafka.createTopic(topic, 2);
    await world.elasticsearch.demand("PUT", `/${strict}`, strictIndex({ n: { type: "long" } }));
    const values = [
      ...Array.from({ length: 12 }, (_, n) => `{"level":"info","n":${n},"id":9007199254740993}`),
      '{"n":"\u202e<img src=x onerror=alert(1)>"}',
    ];
    await world.kafka.produce(
      topic,
      values.map((value) => ({ value })),
    );
    host = await startTestHost(world.servers);
  }, 240_000);
  afterAll(() => host?.[Symbol.asyncDispose]());

  test("before a declaration is saved, its form shows what would become of the newest records", async () => {
    await using opened = await browser.open(`${host.url}ui/declarations?form=add&topic=${topic}`, {
      expects: /422|404/,
    });
    const { page, faults } = opened;
    const tryIt = page.getByRole("button", { name: "Try it with the last 100 records" });
    await page.getByRole("combobox", { name: "format" }).selectOption("json");
    await page.getByRole("textbox", { name: "index" }).fill("Not An Index");
    await tryIt.click();
    await page.getByText('"Not An Index" is not an Elasticsearch index name').waitFor();

    await page.getByRole("textbox", { name: "index" }).fill(strict);
    await page.getByRole("combobox", { name: "rejected" }).selectOption("dead-letter");
    await tryIt.click();
    const trial = page.getByRole("region", { name: "Trial" });
    await trial.getByText(`Trial: the last 13 records of ${topic}, 2 partitions`).waitFor(TRIED);
    const outcomes = await trial.getByRole("list", { name: "Outcomes" }).innerText();
    expect(outcomes.split("\n")).toEqual(["12 would be indexed", "1 would become dead letters"]);
    const row = trial.getByRole("region", { name: "Records by reason" }).getByRole("row").nth(1);
    expect(await row.innerText()).toContain("failed to parse field [n] of type [long]");
    expect(await trial.innerText()).toContain("info 12, none 1");
    await trial.getByText("would be indexed,").first().click();
    // With all its digits.
    await trial.locator("pre", { hasText: '"id": 9007199254740993' }).waitFor();
    await trial.getByText("Show all 13 records").click();
    await trial.locator("summary", { hasText: "would become dead letters" }).click();
    await trial.locator("pre", { hasText: "‹U+202E›<img src=x onerror=alert(1)>" }).waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    await keepScreenshot(page, "declarations-try");

    // It describes the form as it was.
    await page.getByRole("textbox", { name: "path" }).fill("/var/log/app.log");
    await trial.getByText("The form was changed since this trial.").waitFor();
    // Nothing was written.
    expect(await world.elasticsearch.count(strict)).toBe(0);
    // A pattern has no records of its own.
    await page.getByRole("radio", { name: "A pattern of topics" }).click();
    expect(await tryIt.count()).toBe(0);

    await page.getByRole("radio", { name: "One topic" }).click();
    await page.getByRole("textbox", { name: "Topic" }).fill(`${topic}-nope`);
    await tryIt.click();
    await page.getByText(`topic "${topic}-nope" does not exist in Kafka`).waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test.each(looks)(
    "is accessible and fits the window: $name",
    async ({ name, options }) => {
      await using opened = await browser.open(`${host.url}ui/declarations?form=add&topic=${topic}`, options);
      const { page } = opened;
      await page.getByRole("textbox", { name: "index" }).fill(strict);
      await page.getByRole("button", { name: "Try it with the last 100 records" }).click();
      const trial = page.getByRole("region", { name: "Trial" });
      await trial.waitFor(TRIED);
      await trial.locator("summary").first().click();
      await trial.locator("pre").first().waitFor();
      await expectFine(page, `declarations-try-${name}`);
    },
    240_000,
  );
});
