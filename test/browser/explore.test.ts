import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import {
  axeViolations,
  describeInBrowser,
  expectFine,
  keepScreenshot,
  looks,
  useBrowser,
} from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";

/** Log contents that a page must not execute. */
const hostile = [
  "<script>alert(1)</script> evil",
  "<img src=x onerror=alert(2)> evil",
  "\u001b[31mred\u001b]0;title\u0007 evil",
  "before\u0000after evil",
  "safe \u202etxt.exe evil",
];
const long = `evil long ${"x".repeat(48 * 1024)} end`;

describeInBrowser("Explore", () => {
  const browser = useBrowser();
  const topics = { logs: uniqueName("logs"), hostile: uniqueName("hostile"), tail: uniqueName("tail") };
  const world = useConsoleWorld();
  let host: TestHost;

  beforeAll(async () => {
    for (const topic of Object.values(topics)) await world.kafka.createTopic(topic);
    const now = Date.now();
    await world.kafka.produce(
      topics.logs,
      // One every 2.5 seconds, the newest a minute old: all are in the last hour for as long as the tests take.
      Array.from({ length: 250 }, (_, n) => ({
        value: `GET /pay/${n} ${n % 50 === 0 ? "timeout after 3000 ms" : "200 OK"}`,
        timestamp: String(now - 60_000 - (249 - n) * 2_500),
      })),
    );
    await world.kafka.produce(
      topics.hostile,
      [...hostile, long].map((value) => ({ value })),
    );
    host = await startTestHost({ ...world.servers, topics: Object.values(topics) });
    await host.untilIndexed(topics.logs, 250);
    await host.untilIndexed(topics.hostile, 6);
    for (const index of [topics.logs, topics.hostile])
      await world.elasticsearch.demand("POST", `/${index}/_refresh`);
  }, 240_000);
  afterAll(() => host[Symbol.asyncDispose]());

  const at = (parameters: Readonly<Record<string, string>>): string =>
    `${host.url}ui/explore?${new URLSearchParams({ from: "now-1h", ...parameters }).toString()}`;
  const lines = (page: Page) => page.getByRole("list", { name: "Lines" }).getByRole("listitem");
  const seen = (page: Page, words: string) => page.getByRole("status").filter({ hasText: words }).waitFor();
  const parametersOf = (page: Page): URLSearchParams => new URL(page.url()).searchParams;

  test("opening it searches; words are found and marked; the address keeps them; older ones load by hundreds", async () => {
    await using opened = await browser.open(at({ topic: topics.logs }));
    const { page, faults } = opened;
    await seen(page, "250 matches");
    expect(await lines(page).count()).toBe(100);
    await page.getByRole("button", { name: "Load 100 older" }).click();
    await eventually("two pages", async () => (await lines(page).count()) === 200);
    await page.getByRole("button", { name: "Load 100 older" }).click();
    await page.getByText("No older ones.").waitFor();
    expect(await lines(page).count()).toBe(250);
    const shown = await lines(page).locator(".text").allInnerTexts();
    expect(new Set(shown).size).toBe(250);

    await page.keyboard.press("/");
    await page.keyboard.type("timeout -100");
    await page.keyboard.press("Enter");
    await seen(page, "4 matches");
    expect(await page.locator("mark").allInnerTexts()).toEqual(Array.from({ length: 4 }, () => "timeout"));
    expect(parametersOf(page).get("q")).toBe("timeout -100");
    await keepScreenshot(page, "explore");
    await page.reload();
    await seen(page, "4 matches");
    await page.goBack();
    await seen(page, "250 matches");
    expect(faults).toEqual([]);
  }, 240_000);

  test("topics are added by name and removed again", async () => {
    await using opened = await browser.open(at({}));
    const { page } = opened;
    const field = page.getByLabel("Add a topic");
    // Besides, it offers what other tests wrote.
    const offered = page.locator(`#explore-topics option[value="${topics.logs}"]`);
    await eventually("names are there", async () => (await offered.count()) === 1);
    await field.fill("nobody");
    await field.press("Enter");
    await page.getByText("No topic nobody here.").waitFor();
    await field.fill(topics.logs);
    await field.press("Enter");
    await seen(page, "250 matches");
    expect(parametersOf(page).getAll("topic")).toEqual([topics.logs]);
    await page.getByRole("button", { name: `Without ${topics.logs}` }).click();
    await page.getByText("All declared topics").waitFor();
    expect(parametersOf(page).getAll("topic")).toEqual([]);
  }, 240_000);

  test("the histogram zooms by dragging and by keyboard; Back zooms out", async () => {
    await using opened = await browser.open(at({ topic: topics.logs, from: "now-30m" }));
    const { page, faults } = opened;
    await seen(page, "250 matches");
    const bars = page.getByRole("slider", { name: "Matches over time" });
    const box = await bars.boundingBox();
    if (box === null) throw new Error("the histogram has no size");
    await page.mouse.move(box.x + box.width * 0.7, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await eventually("the range is another", () => parametersOf(page).get("from")?.startsWith("20"));
    const [from, to] = ["from", "to"].map((name) => Date.parse(parametersOf(page).get(name) ?? ""));
    expect((to ?? 0) - (from ?? 0)).toBeWithin(120_000, 300_000);
    const dragged = page.url();
    await eventually("fewer lines", async () => (await lines(page).count()) < 100);

    await bars.focus();
    for (const key of ["ArrowLeft", "ArrowLeft", "Shift+ArrowLeft"]) await page.keyboard.press(key);
    const marked = await bars.getAttribute("aria-valuetext");
    const [, count = "?"] = /: (\d+)$/.exec(marked ?? "") ?? [];
    await page.keyboard.press("Enter");
    await seen(page, `${count} match`);
    expect(page.url()).not.toBe(dragged);
    await page.goBack();
    await page.goBack();
    await seen(page, "250 matches");

    await page.getByRole("button", { name: "Hide chart" }).click();
    expect(await bars.count()).toBe(0);
    await page.reload();
    await seen(page, "250 matches");
    await page.getByRole("button", { name: "Show chart" }).click();
    await bars.waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test("a line opens by keyboard, narrows the search, and its link works in another time zone", async () => {
    await using opened = await browser.open(at({ topic: topics.logs, q: "timeout" }), {
      timezoneId: "Asia/Kolkata",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const { page, faults } = opened;
    await seen(page, "5 matches");
    for (const key of ["j", "j", "k", "j", "Enter"]) await page.keyboard.press(key);
    const offset = page.getByRole("row", { name: "kafka.offset" });
    await offset.waitFor();
    expect(await offset.innerText()).toContain("150");
    await page.getByText("UTC+05:30").first().waitFor();
    const time = await lines(page).nth(1).locator("time").first().innerText();
    await page.getByRole("button", { name: "JSON" }).click();
    await page.getByText('"offset": 150').waitFor();
    await page.getByRole("button", { name: "Raw" }).click();
    expect(JSON.parse(await page.locator("pre.raw").innerText())).toMatchObject({ kafka: { offset: 150 } });
    await lines(page).nth(1).getByRole("button").first().focus();
    // It is said for two seconds.
    await Promise.all([seen(page, "Link copied"), page.keyboard.press("c")]);
    const link = await page.evaluate<string>("navigator.clipboard.readText()");
    expect(link).not.toContain("now");

    await using another = await browser.open(link, { timezoneId: "America/New_York" });
    const row = another.page.getByRole("row", { name: "kafka.offset" });
    await row.waitFor();
    expect(await row.innerText()).toContain("150");
    expect(await lines(another.page).nth(1).locator("time").first().innerText()).not.toBe(time);
    const utc = lines(another.page).nth(1).locator("time").first();
    const offsetName = await utc.getAttribute("title");
    await another.page.keyboard.press("t");
    await eventually("the zone is another", async () => (await utc.getAttribute("title")) !== offsetName);
    expect(await utc.getAttribute("title")).toEndWith("UTC");

    // The document is not among the lines of another search, but it is still shown.
    const elsewhere = new URL(link);
    elsewhere.searchParams.set("q", "nothing-of-the-kind");
    await another.page.goto(elsewhere.href);
    await another.page.getByRole("heading", { name: "Linked document" }).waitFor();
    await another.page.getByRole("row", { name: "kafka.offset" }).waitFor();

    await page.getByRole("button", { name: "Fields" }).click();
    await page.getByRole("link", { name: "Exclude message: GET /pay/150" }).click();
    await seen(page, "4 matches");
    await page.goBack();
    await offset.waitFor();
    await page.getByRole("link", { name: "Context" }).click();
    await eventually("the lines around", async () => (await lines(page).count()) === 49);
    await offset.waitFor();
    expect([...faults, ...another.faults]).toEqual([]);
  }, 240_000);

  test("hostile lines are text: in lines, fields, JSON and raw", async () => {
    await using opened = await browser.open(at({ topic: topics.hostile, q: "evil" }));
    const { page, faults } = opened;
    await seen(page, "6 matches");
    const texts = await lines(page).locator(".text").allInnerTexts();
    const all = texts.join("\n");
    for (const text of [
      "<script>alert(1)</script> evil",
      "<img src=x onerror=alert(2)> evil",
      "␛[31mred␛]0;title␇",
      "before␀after",
      "safe ‹U+202E›txt.exe",
    ])
      expect(all).toContain(text);
    expect(await page.locator("main img, main script").count()).toBe(0);
    const closed = page.getByRole("button", { name: /^Details of the line/, expanded: false });
    await eventually("all are open", async () => {
      if ((await closed.count()) > 0) await closed.first().click();
      return (await page.locator(".document").count()) === 6;
    });
    for (const form of ["JSON", "Raw"]) {
      for (const button of await page.getByRole("button", { name: form }).all()) await button.click();
      expect(await page.locator("main img, main script").count()).toBe(0);
      expect(await page.locator("pre.raw").count()).toBe(6);
    }
    // 48 KiB: the line is cut, the document is not.
    expect(await page.getByText(`${"x".repeat(100)} end`).count()).toBeGreaterThan(0);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(3_000);
    await keepScreenshot(page, "explore-hostile");
    expect(faults).toEqual([]);
  }, 240_000);

  test.each([
    ...['"', "((", "C:\\", "--a*", "*", "😀", "<script>alert(1)</script>"].map((query) => ({
      name: query,
      query,
    })),
    { name: "a thousand letters", query: "a".repeat(1_000) },
  ])(
    "the search box takes $name",
    async ({ query }) => {
      await using opened = await browser.open(at({ topic: topics.logs }));
      const { page, faults } = opened;
      await seen(page, "250 matches");
      await page.getByLabel("Search the lines").fill(query);
      await Promise.all([page.waitForResponse(/\/logs\?/), page.keyboard.press("Enter")]);
      await eventually("it is asked for", () => parametersOf(page).get("q") === query);
      await page
        .getByRole("status")
        .filter({ hasText: /^[\d,]+ match/ })
        .waitFor();
      expect(await page.getByRole("alert").count()).toBe(0);
      expect(faults).toEqual([]);
    },
    240_000,
  );

  test("an empty result says where there are lines, and leads there", async () => {
    await using opened = await browser.open(
      at({ topic: topics.logs, from: "2020-01-01T00:00:00Z", to: "2020-01-01T01:00:00Z" }),
    );
    const { page, faults } = opened;
    await page.getByText(/No logs between .* The newest here is from/).waitFor();
    await page.getByRole("button", { name: "Go there" }).click();
    await seen(page, "250 matches");
    expect(faults).toEqual([]);
  }, 240_000);

  test("a refusal by the host is shown, and the previous results stay, dimmed", async () => {
    await using opened = await browser.open(at({ topic: topics.logs }), { expects: /Failed to load/ });
    const { page } = opened;
    await seen(page, "250 matches");
    await page.route("**/logs?*", (route) => route.abort());
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
    expect(await lines(page).count()).toBe(100);
    expect(await page.locator(".dimmed").count()).toBe(1);
    await page.unroute("**/logs?*");
    await page.getByRole("button", { name: "Retry" }).click();
    await eventually("it is well again", async () => (await page.locator(".dimmed").count()) === 0);
    expect(await page.getByRole("alert").count()).toBe(0);
  }, 240_000);

  test("the tail shows new lines, pauses when scrolled, catches up, and counts every line", async () => {
    await using opened = await browser.open(at({ topic: topics.tail }));
    const { page, faults } = opened;
    await page.locator(".empty").waitFor();
    await page.keyboard.press("l");
    await page.getByText("Waiting for records…").waitFor();
    await page.getByRole("banner").getByText("Live").waitFor();
    let produced = 0;
    const produce = async (count: number): Promise<void> => {
      const values = Array.from({ length: count }, (_, n) => ({ value: `line ${produced + n} <b>\u001b` }));
      await world.kafka.produce(topics.tail, values);
      produced += count;
    };
    const panel = page.getByRole("log");
    const rows = panel.locator(".line");
    const bar = page.locator(".tail-bar");
    await produce(100);
    await panel.getByText("line 99 <b>␛").waitFor();
    await eventually(
      "all are there, in whatever order their bulks were answered",
      async () => (await rows.count()) === 100,
    );
    const ofPanel = (expression: string) =>
      page.evaluate(
        `(({ scrollTop, clientHeight, scrollHeight }) => ${expression})(document.querySelector(".lines"))`,
      );
    const atBottom = () => ofPanel("scrollTop + clientHeight >= scrollHeight - 2");
    await eventually("the newest is in sight", atBottom);

    await panel.hover();
    await page.mouse.wheel(0, -300);
    await bar.getByText("PAUSED").waitFor();
    await eventually("it is scrolled", async () => !(await atBottom()));
    const scrolled = await ofPanel("scrollTop");
    expect(scrolled).toBeGreaterThan(0);
    await produce(50);
    await bar.getByText("50 new").waitFor();
    expect(await rows.count()).toBe(100);
    expect(await ofPanel("scrollTop")).toBe(scrolled);
    await keepScreenshot(page, "explore-tail-paused");
    await page.getByRole("button", { name: "Resume" }).click();
    await panel.getByText("line 149").waitFor();
    await eventually("the newest is in sight", atBottom);

    // Only the reader's hand pauses: browsers move the list too, when old lines go.
    await page.evaluate('document.querySelector(".lines").scrollTop -= 500');
    // More than the host sends in a second: lines shown and not shown add up to all.
    await produce(1_500);
    const counted = async (): Promise<number> => {
      const [, shown = "0"] = /([\d,]+) shown/.exec(await bar.innerText()) ?? [];
      const [, not = "0"] = /([\d,]+) not shown/.exec(await bar.innerText()) ?? [];
      return [shown, not].reduce((sum, text) => sum + Number(text.replaceAll(",", "")), 0);
    };
    await eventually("every line is counted", async () => (await counted()) === produced);
    expect(await bar.innerText()).toContain("not shown (200/s limit)");
    expect(await bar.innerText()).toContain("Live");
    expect(await page.locator("*").count()).toBeLessThan(3_000);

    // By opening a line, by selecting text, by key.
    await rows.last().getByRole("button").click();
    await bar.getByText("PAUSED").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.keyboard.press("p");
    await bar.getByText("PAUSED").waitFor();
    await page.keyboard.press("p");
    await bar.getByText("Live").waitFor();
    await page.evaluate("getSelection().selectAllChildren(document.querySelector('.lines .text'))");
    await bar.getByText("PAUSED").waitFor();
    const kept = await rows.count();
    await page.getByRole("button", { name: "Stop" }).click();
    await bar.getByText("Stopped").waitFor();
    expect(await rows.count()).toBe(kept);
    expect(faults).toEqual([]);
  }, 240_000);

  test("a topic's page shows its latest records, and newer ones on request", async () => {
    await using opened = await browser.open(`${host.url}ui/topics/${topics.logs}`);
    const { page, faults } = opened;
    await page.getByRole("heading", { name: "Latest records" }).waitFor();
    await eventually("twenty lines", async () => (await lines(page).count()) === 20);
    await lines(page).first().getByText("GET /pay/249").click();
    await page.getByRole("row", { name: "kafka.offset" }).waitFor();
    const asked = page.waitForRequest(/\/logs\?/);
    await page.getByRole("button", { name: "Refresh" }).click();
    await asked;
    expect(faults).toEqual([]);
  }, 240_000);

  test.each(looks)(
    "axe finds nothing: $name",
    async ({ name, options }) => {
      await using opened = await browser.open(at({ topic: topics.logs, q: "timeout" }), options);
      const { page } = opened;
      await seen(page, "5 matches");
      await lines(page).first().getByRole("button").first().click();
      await page.getByRole("row", { name: "kafka.offset" }).waitFor();
      await expectFine(page, `explore-${name}`);
      await page.goto(at({ topic: topics.logs, from: "2020-01-01", to: "2020-01-02" }));
      await page.locator(".empty").waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole("button", { name: "Live tail" }).click();
      await page.getByText("Waiting for records…").waitFor();
      await page.getByRole("button", { name: "Pause" }).click();
      await page.locator(".tail-bar.paused").waitFor();
      expect(await axeViolations(page)).toEqual([]);
    },
    240_000,
  );
});
