import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";

describeInBrowser("Explore by field", () => {
  const browser = useBrowser();
  const topic = uniqueName("fields");
  // Among the first names of all that tests leave behind: a thousand are offered.
  const gone = uniqueName("0-undeclared");
  const world = useConsoleWorld();
  let host: TestHost;

  beforeAll(async () => {
    await world.kafka.createTopic(topic);
    const now = Date.now();
    await world.kafka.produce(
      topic,
      Array.from({ length: 60 }, (_, n) => ({
        value: JSON.stringify({
          message: n % 10 === 0 ? `payment ${n} failed: <b>timeout</b>` : `request ${n} done`,
          level: n % 10 === 0 ? "error" : n % 5 === 0 ? "WARNING" : "info",
          service: { name: n % 3 === 0 ? "payment" : "cart-with-payment" },
          status: n % 10 === 0 ? 503 : 200,
        }),
        timestamp: String(now - 120_000 + n * 1_000),
      })),
    );
    host = await startTestHost({ ...world.servers, topics: [{ topic, format: "json" }] });
    await host.untilIndexed(topic, 60);
    const path = `/${topic}/_doc/${gone}:0:0:x?refresh=true`;
    await world.elasticsearch.demand("PUT", path, {
      "@timestamp": new Date(now).toISOString(),
      message: "left behind",
      kafka: { topic: gone, partition: 0, offset: 0 },
    });
  }, 240_000);
  afterAll(() => host[Symbol.asyncDispose]());

  const at = (parameters: Readonly<Record<string, string>>): string =>
    `${host.url}ui/explore?${new URLSearchParams(parameters).toString()}`;
  const lines = (page: Page) => page.getByRole("list", { name: "Lines" }).getByRole("listitem");
  const seen = (page: Page, words: string) => page.getByRole("status").filter({ hasText: words }).waitFor();
  const parametersOf = (page: Page): URLSearchParams => new URL(page.url()).searchParams;

  test("a field's value becomes a pill that keeps the range, and goes away again", async () => {
    await using opened = await browser.open(at({ topic }));
    const { page, faults } = opened;
    await seen(page, "60 matches");
    await lines(page)
      .nth(2)
      .getByRole("button", { name: /^Details/ })
      .click();
    await page.getByRole("link", { name: "Filter for service.name: payment" }).click();
    await seen(page, "20 matches");
    expect(parametersOf(page).getAll("filter")).toEqual(["service.name: payment"]);
    expect(parametersOf(page).get("from")).toBeNull();

    await page.keyboard.press("/");
    await page.keyboard.type("status >= 500 or log.level: warn");
    await page.keyboard.press("Enter");
    await seen(page, "4 matches");
    await page.reload();
    await seen(page, "4 matches");
    await page.getByRole("button", { name: "Remove the filter service.name: payment" }).click();
    await seen(page, "12 matches");
    expect(await page.getByRole("list", { name: "Filters" }).count()).toBe(0);
    expect(faults).toEqual([]);
  }, 240_000);

  test("what is not understood is marked, and one click mends it", async () => {
    await using opened = await browser.open(at({ topic, q: "failed levle: error" }));
    const { page } = opened;
    const alert = page.getByRole("alert");
    await alert.getByText("no index has a field levle; did you mean level?").waitFor();
    expect(await alert.locator("mark").innerText()).toBe("levle: error");
    await page.getByRole("button", { name: "Search for level: error" }).click();
    await seen(page, "6 matches");
    expect(parametersOf(page).get("q")).toBe("failed level: error");
  }, 240_000);

  test("a name that is the end of another field's finds that one with one click, whether or not it is a field itself", async () => {
    await using opened = await browser.open(at({ topic, q: `failed topic:${topic}` }));
    const { page, faults } = opened;
    await page
      .getByRole("alert")
      .getByText("no index has a field topic; did you mean kafka.topic?")
      .waitFor();
    await keepScreenshot(page, "explore-meant-unknown-1440");
    await page.getByRole("button", { name: `Search for kafka.topic:${topic}` }).click();
    await seen(page, "6 matches");

    // The records' own spelling is another one.
    await page.goto(at({ topic, q: "done level:warn" }));
    await page.getByText("Did you mean another field?").waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await keepScreenshot(page, "explore-meant-nowhere-390");
    await page.getByRole("button", { name: "Search for log.level:warn" }).click();
    await seen(page, "6 matches");
    expect(parametersOf(page).get("q")).toBe("done log.level:warn");
    expect(faults.filter((fault) => !fault.includes("400"))).toEqual([]);
  }, 240_000);

  test("the fields are listed with their values, which filter, exclude, and become columns", async () => {
    await using opened = await browser.open(at({ topic }));
    const { page, faults } = opened;
    await seen(page, "60 matches");
    await page.getByRole("button", { name: "Field list" }).click();
    const field = page.locator("details", { hasText: "service.name" });
    await field.locator("summary").click();
    expect(await field.innerText()).toContain("67 %");
    await field.getByRole("button", { name: "Column" }).click();
    await page.getByRole("list", { name: "Columns" }).waitFor();
    expect(parametersOf(page).getAll("cols")).toEqual(["service.name"]);
    const cells = await page.locator(".log .col").allInnerTexts();
    expect(cells.filter((text) => text === "payment")).toHaveLength(20);
    await page.getByRole("link", { name: "Exclude service.name: payment" }).click();
    await seen(page, "40 matches");

    await page.getByRole("button", { name: "Order: newest first" }).click();
    await eventually("the oldest come first", async () =>
      (await lines(page).first().innerText()).includes("request 1 done"),
    );
    await page.getByRole("button", { name: "Remove the column service.name" }).click();
    await eventually("no column", async () => (await page.locator(".log .col").count()) === 0);
    expect(faults).toEqual([]);
  }, 240_000);

  test("levels are words, shapes and parts of bars; a range is typed, moved and widened", async () => {
    await using opened = await browser.open(at({ topic }));
    const { page } = opened;
    await seen(page, "60 matches");
    expect(await page.locator(".log .level.error").count()).toBe(6);
    expect(await page.locator(".log .level.error").first().innerText()).toContain("error");
    expect(await page.locator(".bars rect.error").count()).toBeGreaterThan(0);
    await page.getByLabel("Type a time range").fill("2h");
    await page.getByLabel("Type a time range").press("Enter");
    await eventually("the range is two hours", () => parametersOf(page).get("from") === "now-2h");
    await page.getByRole("button", { name: "Earlier" }).click();
    await seen(page, "0 matches");
    await page.getByRole("button", { name: "Later" }).click();
    await seen(page, "60 matches");
    const from = parametersOf(page).get("from");
    await page.getByRole("button", { name: "Zoom out" }).click();
    await eventually("the range is wider", () => (parametersOf(page).get("from") ?? "") < (from ?? ""));
    await seen(page, "60 matches");
  }, 240_000);

  test("the lines around one are shown in their order, with a marker", async () => {
    await using opened = await browser.open(at({ topic, q: "status: 503" }));
    const { page } = opened;
    await seen(page, "6 matches");
    await lines(page)
      .nth(2)
      .getByRole("button", { name: /^Details/ })
      .click();
    await page.getByRole("button", { name: "Surrounding lines" }).click();
    const around = page.getByRole("list", { name: "Before and after" }).getByRole("listitem");
    await eventually("ten before and ten after", async () => (await around.count()) === 21);
    expect(await around.nth(10).getAttribute("aria-current")).toBe("true");
    expect(await around.nth(9).innerText()).toContain("request 29 done");
  }, 240_000);

  test("a topic that is not declared any more is offered, marked, and searched", async () => {
    await using opened = await browser.open(at({}));
    const { page } = opened;
    const option = page.locator(`datalist option[value="${gone}"]`);
    await option.waitFor({ state: "attached" });
    expect(await option.getAttribute("label")).toBe("not declared");
    const field = page.getByLabel("Add a topic");
    await field.fill(gone);
    await field.press("Enter");
    await seen(page, "1 match");
    await page.getByText("not declared", { exact: true }).waitFor();
  }, 240_000);

  test.each(looks)(
    "$name: fields, pills and columns",
    async ({ name, options }) => {
      const parameters = new URLSearchParams({ topic, q: "payment or done", filter: "-status: 404" });
      for (const column of ["service.name", "status"]) parameters.append("cols", column);
      await using opened = await browser.open(`${host.url}ui/explore?${parameters.toString()}`, options);
      const { page } = opened;
      await seen(page, "60 matches");
      await page.getByRole("button", { name: "Field list" }).click();
      await page.locator("details", { hasText: "service.name" }).locator("summary").click();
      await expectFine(page, `explore-fields-${name}`);
    },
    240_000,
  );
});
