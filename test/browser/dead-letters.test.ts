import { allOpen, noLetterStates } from "../support/letter-states.ts";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { NO_OUTCOMES } from "../../functions/replay-dead-letters.ts";
import type { ReplayJob } from "../../infra/api/letters/dead-letters.ts";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { noFailureStores } from "../support/failure-stores.ts";
import { noneGaveWay } from "../support/gave-way.ts";

const firstSeen = "2026-11-22T12:00:00.000Z";
const running: ReplayJob = {
  id: "other",
  state: "running",
  request: {
    topic: "another",
    error: "timeout",
    since: null,
    index: null,
    refusedBy: null,
    field: null,
    dryRun: false,
  },
  startedAt: firstSeen,
  endedAt: null,
  progress: { read: 400, total: 1_000, outcomes: { ...NO_OUTCOMES, indexed: 300, stillRejected: 20 } },
  result: null,
  error: null,
  change: null,
  left: null,
};

describeInBrowser("dead letters", () => {
  const browser = useBrowser();
  const topic = uniqueName("letters");
  const world = useConsoleWorld();
  let host: TestHost;

  beforeAll(async () => {
    await world.kafka.createTopic(topic);
    const strict = { type: "long", ignore_malformed: false };
    await world.elasticsearch.demand("PUT", `/${topic}`, {
      mappings: { properties: { user: strict, price: strict } },
    });
    host = await startTestHost({
      ...world.servers,
      topics: [{ topic, format: "json", rejected: "dead-letter" }],
    });
    // Both fields are numbers; the incoming values are hostile text.
    const hostile = "<script>alert(1)</script>\u001b[31m";
    await world.kafka.produce(topic, [
      ...Array.from({ length: 30 }, (_, n) => ({
        value: JSON.stringify({ user: `${n} ${hostile}` }),
        headers: { trace: hostile },
      })),
      ...Array.from({ length: 5 }, () => ({ value: '{"price":"none"}' })),
    ]);
    await host.untilTopic(topic, "refused them", ({ counts }) => counts.deadLettered === 35);
  }, 240_000);
  afterAll(() => host?.[Symbol.asyncDispose]());

  test("groups with count and sample, as text; the address can filter by topic", async () => {
    await using opened = await browser.open(`${host.url}ui/dead-letters`);
    const { page, faults } = opened;
    await page.getByText("35 dead letters in 2 groups: 35 left").waitFor();
    const rows = page.getByRole("row").filter({ hasText: topic });
    expect(await rows.count()).toBe(2);
    expect(await rows.first().innerText()).toMatch(/user\s+30/);
    await keepScreenshot(page, "dead-letters");
    await page.getByRole("combobox", { name: "Topic" }).fill("nobody");
    await page.keyboard.press("Enter");
    await page.getByText("There are no dead letters of nobody.").waitFor();
    expect(new URL(page.url()).search).toBe("?topic=nobody");
    await page.goBack();
    await page.getByText("35 dead letters in 2 groups").waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test("a group shows its letters one by one, with key, headers and value as text and bytes", async () => {
    await using opened = await browser.open(`${host.url}ui/dead-letters?topic=${topic}`);
    const { page, faults } = opened;
    await page.getByRole("link", { name: "Open the letters of 30 of" }).click();
    await page.getByText("30 left").waitFor();
    await page.getByRole("link", { name: "Open the letter of partition 0, offset 4", exact: true }).click();
    const value = page.getByLabel("Value, text");
    expect(await value.innerText()).toContain("<script>alert(1)</script>");
    await page.getByRole("button", { name: "Hex" }).click();
    expect(await page.getByLabel("Value, hex").innerText()).toContain("7b 22 75 73 65 72 22");
    expect(await page.getByText("Header trace").count()).toBe(1);
    // The address names group and letter, so it can be shared.
    await page.reload();
    await value.waitFor();
    await keepScreenshot(page, "dead-letters-letter");
    await page.getByRole("button", { name: "resolved" }).click();
    await page.getByText("There is none.").waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test("a replay takes one group, is previewed and followed to its end, and then nothing of it is left", async () => {
    await using opened = await browser.open(`${host.url}ui/dead-letters?topic=${topic}`);
    const { page, faults } = opened;
    await page.getByRole("button", { name: "Replay 30 of" }).click();
    const dialog = page.getByRole("dialog", { name: `Replay 30 dead letters of ${topic}?` });
    await dialog.getByText("Already indexed records count as duplicates.").waitFor();
    await keepScreenshot(page, "dead-letters-dialog");
    await dialog.getByRole("button", { name: "Dry run first" }).click();
    await page.getByText("Nothing was sent: this was a dry run.").waitFor();
    await page.getByText("30 would be replayed").waitFor();

    // The cause is repaired: an index without the mapping. Rejected letters are accepted now.
    await world.elasticsearch.demand("DELETE", `/${topic}`);
    await world.elasticsearch.demand("PUT", `/${topic}`, {
      mappings: { properties: { user: { type: "keyword" }, price: { type: "keyword" } } },
    });
    await page.getByRole("button", { name: "Replay 30", exact: true }).click();
    await page.getByText("All records are in the index.").waitFor();
    await page.getByText("30 indexed").waitFor();
    expect(await page.getByRole("progressbar").count()).toBe(1);
    await keepScreenshot(page, "dead-letters-replayed");
    // The address contains the job: it is shown after a reload, and removed when closed.
    await page.reload();
    await page.getByText("30 indexed").waitFor();
    await page.getByRole("link", { name: "Close" }).click();
    expect(new URL(page.url()).search).toBe(`?topic=${topic}`);
    // How many are left depends: Elasticsearch makes documents searchable once a second.
    await page.getByText(/^35 dead letters in 2 groups: /).waitFor();
    await world.elasticsearch.demand("POST", `/${topic}/_refresh`);
    await page.getByRole("button", { name: "Count again" }).click();
    await page.getByText("5 left, 30 resolved").waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test("a forgotten replay says so", async () => {
    await using opened = await browser.open(`${host.url}ui/dead-letters?job=gone`, { expects: /404/ });
    await opened.page.getByText("There is no such replay").waitFor();
    expect(opened.faults).toEqual([]);
  }, 240_000);

  test("while another replay runs, it is shown with the outcomes of its letters so far", async () => {
    const sample = { topic, partition: 0, offset: 0, reason: "", value: null };
    const group = {
      topic,
      field: "user",
      error: "parse",
      index: topic,
      ...allOpen(12_000),
      firstSeen,
      lastSeen: firstSeen,
      sample,
    };
    const none = { read: 12_000, notLetters: 0, filteredOut: 0, doubles: 0, firstForeign: null };
    await using busy = startConsoleHost(() => [], 0, {
      digest: async () => ({
        ...none,
        letters: 12_000,
        ...noLetterStates,
        truncated: true,
        gaveWay: noneGaveWay,
        failureStores: noFailureStores,
        groups: [group],
        others: 0,
      }),
      replays: { start: () => ({ kind: "busy", job: running }), get: () => running },
    });
    await using opened = await browser.open(`${busy.url}ui/dead-letters`, { expects: /409/ });
    const { page, faults } = opened;
    await page.getByText("There are more: only the newest").waitFor();
    await page.getByRole("button", { name: "Replay 12,000 of" }).click();
    await page.getByText("Not all dead letters were counted").waitFor();
    await page.getByRole("button", { name: "Replay 12,000", exact: true }).click();
    await page.getByText("one runs at a time").waitFor();
    await page.getByRole("heading", { name: "Replay of another, timeout" }).waitFor();
    await page.getByText("300 indexed · 20 still rejected").waitFor();
    await page.getByText("400 of 1,000 offsets of the dead-letter topic read").waitFor();
    expect(await page.getByRole("progressbar").getAttribute("value")).toBe("400");
    expect(await page.getByRole("link", { name: "Close" }).count()).toBe(0);
    await keepScreenshot(page, "dead-letters-busy");
    expect(faults).toEqual([]);
  }, 240_000);

  test("ignored fields are listed below, each with one record; an unknown one is marked as such", async () => {
    const sample = { index: topic, id: `${topic}:0:7:mx1sb6hz` };
    const own = { topic, records: 1_200, why: "unfit", type: "long", sample } as const;
    const fields = [
      { ...own, field: "user.<b>id" },
      { ...own, field: "x", records: 3, why: "limit", type: null } as const,
    ];
    const none = { read: 0, notLetters: 0, filteredOut: 0, doubles: 0, firstForeign: null, letters: 0 };
    const gaveWay = { ...noneGaveWay, fields, problems: ["1 of 2 indices is too old"] };
    await using other = startConsoleHost(() => [], 0, {
      digest: async () => ({
        ...none,
        ...noLetterStates,
        truncated: false,
        groups: [],
        others: 0,
        gaveWay,
        failureStores: noFailureStores,
      }),
    });
    for (const { name, options } of looks) {
      await using opened = await browser.open(`${other.url}ui/dead-letters`, options);
      const { page } = opened;
      const table = page.getByRole("region", { name: "Fields that gave way" });
      await table.waitFor();
      const rows = await table.getByRole("row").allInnerTexts();
      expect(rows.at(-2)).toMatch(/user\.<b>id[\s\S]*values do not fit the mapped type long[\s\S]*1,200/);
      expect(rows.at(-1)).toMatch(/x[\s\S]*the index has the maximum number of fields[\s\S]*3/);
      await page.getByText("The list is incomplete: 1 of 2 indices is too old.").waitFor();
      const href = await table.getByRole("link").first().getAttribute("href");
      expect(href).toContain(encodeURIComponent(sample.id));
      await expectFine(page, `gave-way-${name}`);
    }
  }, 240_000);

  test.each(looks)(
    "axe finds nothing: $name",
    async ({ name, options }) => {
      await using opened = await browser.open(`${host.url}ui/dead-letters`, options);
      const { page } = opened;
      const isFine = (what: string) => expectFine(page, `dead-letters-${what}-${name}`);
      await page.getByText("35 dead letters").waitFor();
      await isFine("list");
      const group = page.getByRole("row").filter({ hasText: "price" });
      await group.getByRole("link", { name: "Open the letters of" }).click();
      // Not "Try all on 5 letters", which comes as soon as the index was looked at.
      await page.getByRole("button", { name: "all", exact: true }).click();
      await page.getByRole("link", { name: "Open the letter of" }).first().click();
      await page.getByLabel("Value, text").waitFor();
      await isFine("group");
      await page.getByRole("button", { name: /^Replay 5/ }).click();
      await isFine("dialog");
      await page.getByRole("button", { name: "Dry run first" }).click();
      await page.getByText("this was a dry run").waitFor();
      await isFine("job");
    },
    240_000,
  );
});
