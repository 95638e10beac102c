import { afterAll, beforeAll, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import { describeInBrowser, expectFine, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { untilGone, untilRunning } from "../support/reload.ts";

describeInBrowser("declarations", () => {
  const browser = useBrowser();
  const [inFile, added, contested] = [uniqueName("file"), uniqueName("added"), uniqueName("contested")];
  const world = useConsoleWorld();
  let etcd: Etcd3;
  let host: TestHost;
  let prefix: string;

  beforeAll(async () => {
    etcd = new Etcd3({ hosts: world.servers.etcd.endpoints });
    prefix = world.servers.etcd.keys[0] ?? "";
    await Promise.all([added, contested].map((topic) => world.kafka.createTopic(topic)));
    await etcd.put(`${prefix}contested`).value(`[\n  {"topic": "${contested}"}\n]`);
    await etcd.put(`${prefix}hostile`).value('[{"topic": "\u202e<img src=x onerror=alert(1)>"}, 7]');
    host = await startTestHost({ ...world.servers, topics: [inFile] });
    await untilRunning(host, contested);
  }, 240_000);
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    etcd.close();
  });

  test("all sources in one list: the file's rows lead to the file, refused entries have reason and text", async () => {
    await using opened = await browser.open(`${host.url}ui/declarations`);
    const { page, faults } = opened;
    await page.getByText("4 declarations").waitFor();
    const row = (text: string) => page.getByRole("row").filter({ hasText: text });
    expect(await row(inFile).innerText()).toContain("Edit config.yaml");
    expect(await row(contested).getByRole("link", { name: "Change" }).count()).toBe(1);
    // The declaration is in force, and its topic is in a state of its own.
    await row(inFile).getByText("pending", { exact: true }).waitFor();
    await row(contested).getByText("running", { exact: true }).waitFor();
    expect(await page.getByText("‹U+202E›<img src=x onerror=alert(1)>").count()).toBeGreaterThan(0);
    expect(await page.locator("main img").count()).toBe(0);
    await row("7 is not a string").getByText("As written there").click();
    expect(await row("7 is not a string").locator("pre").innerText()).toBe("7");

    await page.keyboard.press("/");
    await page.keyboard.type("contested");
    await page.getByText("1 of 4 declarations").waitFor();
    expect(new URL(page.url()).search).toBe("?q=contested");
    await page.getByRole("searchbox").fill("pending");
    await page.getByText("1 of 4 declarations").waitFor();
    await row(inFile).waitFor();
    await page.goto(`${host.url}ui/declarations?topic=${inFile}`);
    await page.getByText(/stands in .*config\.yaml, entry 1/).waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test("each row is there once, however often forms open and close while topics change", async () => {
    await using opened = await browser.open(`${host.url}ui/declarations`);
    const { page, faults } = opened;
    const rows = page.getByRole("region", { name: "Declarations" }).locator("tbody tr");
    for (let turn = 0; turn < 5; turn += 1) {
      await rows.getByText("running", { exact: true }).first().waitFor();
      await world.kafka.produce(contested, [{ value: "a change" }]);
      await page.getByRole("link", { name: "Add", exact: true }).click();
      await page.getByRole("textbox", { name: "Topic" }).waitFor();
      await page.goBack();
    }
    await rows.getByText("running", { exact: true }).first().waitFor();
    expect(await page.getByRole("region", { name: "Declarations" }).count()).toBe(1);
    const names = await rows.locator("th").allInnerTexts();
    expect(names).toHaveLength(4);
    expect(new Set(names).size).toBe(names.length);
    expect(faults).toEqual([]);
  }, 240_000);

  test("a topic is added, changed and removed with the form, each after a preview", async () => {
    await using opened = await browser.open(`${host.url}ui/declarations`, { expects: /422/ });
    const { page, faults } = opened;
    const preview = page.getByRole("button", { name: "Preview changes" });
    await page.getByRole("link", { name: "Add", exact: true }).click();
    await page.getByRole("textbox", { name: "Topic" }).fill(added);
    await page.getByRole("textbox", { name: "index" }).fill("Not An Index");
    await preview.click();
    await page.getByText('"Not An Index" is not an Elasticsearch index name').waitFor();
    expect(await page.getByRole("textbox", { name: "index" }).getAttribute("aria-invalid")).toBe("true");

    await page.getByRole("textbox", { name: "index" }).fill(`${added}-index`);
    await preview.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Save to etcd" }).waitFor();
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Preview changes");
    const diff = page.getByRole("region", { name: "Change of the key's text" });
    expect(await diff.innerText()).toContain(`"index":"${added}-index"`);
    const plan = page.getByRole("region", { name: "What the plan does" });
    expect(await plan.getByRole("row").nth(1).innerText()).toContain("start");
    expect(await etcd.get(`${prefix}${added}`).string()).toBeNull();
    // The preview no longer matches the form.
    await page.getByRole("textbox", { name: "path" }).fill("/var/log/added.log");
    expect(await page.getByRole("button", { name: "Save to etcd" }).isDisabled()).toBe(true);
    await preview.click();
    await keepScreenshot(page, "declarations-add");
    await page.getByRole("button", { name: "Save to etcd" }).click();
    const notice = page.getByText(/^Saved as revision \d+\. The host applies it automatically\./);
    await notice.waitFor();
    expect((await notice.boundingBox())?.y).toBeWithin(0, 900);
    await eventually("the focus has a place", () =>
      page.evaluate('document.activeElement.localName === "main"'),
    );
    await untilRunning(host, added);

    await page.getByRole("status").getByText("5 declarations").waitFor();
    await page.getByRole("link", { name: `Change ${added}` }).click();
    expect(await page.getByRole("textbox", { name: "path" }).inputValue()).toBe("/var/log/added.log");
    await page.getByRole("combobox", { name: "format" }).selectOption("json");
    await preview.click();
    expect(await plan.getByRole("row").nth(1).innerText()).toContain("replace");
    await page.getByRole("button", { name: "Save to etcd" }).click();
    await page.getByText(/^Saved as revision/).waitFor();
    await host.untilTopic(
      added,
      "reads JSON",
      ({ spec, state }) => spec.format === "json" && state === "running",
    );

    await page.getByRole("link", { name: `Remove ${added}` }).click();
    await preview.click();
    expect(await plan.getByRole("row").nth(1).innerText()).toContain("stop");
    await page.getByRole("button", { name: "Remove from etcd" }).click();
    await page.getByText(/^Removed; saved as revision/).waitFor();
    await untilGone(host, added);
    expect(faults).toEqual([]);
  }, 240_000);

  test("a proposed change opens the present declaration with that chosen, and loses nothing of it", async () => {
    const key = `${prefix}proposed`;
    const declaration = {
      topic: `${contested}-json`,
      path: "/a.log",
      format: "json",
      rejected: "dead-letter",
    };
    await etcd.put(key).value(JSON.stringify([declaration]));
    const address = `${host.url}ui/declarations?topic=${declaration.topic}&rejected=flatten`;
    await using opened = await browser.open(address);
    const { page, faults } = opened;
    expect(await page.getByRole("combobox", { name: "rejected" }).inputValue()).toBe("flatten");
    await page.getByRole("button", { name: "Preview changes" }).click();
    await page.getByRole("region", { name: "Change of the key's text" }).waitFor();
    await keepScreenshot(page, "declarations-proposed-1440");
    await page.setViewportSize({ width: 390, height: 844 });
    await keepScreenshot(page, "declarations-proposed-390");
    await page.getByRole("button", { name: "Save to etcd" }).click();
    await page.getByText(/^Saved as revision/).waitFor();
    expect(new URL(page.url()).search).toBe("");
    expect(JSON.parse((await etcd.get(key).string()) ?? "null")).toEqual([
      { ...declaration, rejected: "flatten" },
    ]);
    await etcd.delete().key(key).exec();
    expect(faults).toEqual([]);
  }, 240_000);

  test("the slower of two editors keeps the typed text, sees the change, and continues from there", async () => {
    await using opened = await browser.open(`${host.url}ui/declarations?topic=${contested}`, {
      expects: /409/,
    });
    const { page, faults } = opened;
    const key = `${prefix}contested`;
    await page.getByRole("textbox", { name: "path" }).fill("/typed/here.log");
    await page.getByRole("button", { name: "Preview changes" }).click();
    await page.getByRole("button", { name: "Save to etcd" }).waitFor();
    const startedFrom = (await etcd.get(key).exec()).kvs[0]?.mod_revision;
    await etcd.put(key).value(`[\n  {"topic": "${contested}"},\n  {"topic": "${contested}-other"}\n]`);
    const now = (await etcd.get(key).exec()).kvs[0]?.mod_revision;

    await page.getByRole("button", { name: "Save to etcd" }).click();
    await page
      .getByText(`This key is now revision ${now}; you started from ${startedFrom}. Your text is kept.`)
      .waitFor();
    expect(await page.getByRole("textbox", { name: "path" }).inputValue()).toBe("/typed/here.log");
    await page.getByRole("button", { name: "Compare" }).click();
    const meanwhile = page.getByRole("region", { name: "The key's text then and now" });
    expect(await meanwhile.innerText()).toContain(`${contested}-other`);
    await keepScreenshot(page, "declarations-lost-race");

    await page.getByRole("button", { name: `Continue from revision ${now}` }).click();
    const save = page.getByRole("button", { name: "Save to etcd" });
    await page.getByRole("heading", { name: `now revision ${now}` }).waitFor();
    await save.click();
    await page.getByText(/^Saved as revision/).waitFor();
    const entries = JSON.parse((await etcd.get(key).string()) ?? "null") as unknown;
    expect(entries).toEqual([{ topic: contested, path: "/typed/here.log" }, { topic: `${contested}-other` }]);
    expect(faults).toEqual([]);
  }, 240_000);

  test.each(looks)(
    "axe finds nothing: $name",
    async ({ name, options }) => {
      await using opened = await browser.open(`${host.url}ui/declarations`, options);
      const { page } = opened;
      const isFine = (what: string) => expectFine(page, `declarations-${what}-${name}`);
      await page.getByRole("status").getByText("declarations").waitFor();
      await isFine("list");
      await page.goto(`${host.url}ui/declarations?topic=${contested}`);
      await page.getByRole("textbox", { name: "index" }).fill("elsewhere");
      await page.getByRole("button", { name: "Preview changes" }).click();
      await page.getByRole("button", { name: "Save to etcd" }).waitFor();
      await isFine("form");
    },
    240_000,
  );
});
