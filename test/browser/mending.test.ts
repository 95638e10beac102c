import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  axeViolations,
  describeInBrowser,
  expectFine,
  keepScreenshot,
  looks,
  useBrowser,
} from "../support/browser.ts";
import { noStates } from "../../lib/rules/dead-letters/letter-state.ts";
import { httpSettings } from "../support/settings.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { asItIs } from "../support/mending.ts";

const readOnlyToken = "a-token-that-may-only-look-at-it";
/** A trial may take as long as the page waits for it, as a busy master makes one index after the other. */
const TRIED = { timeout: 130_000 };

describeInBrowser("mending", () => {
  const browser = useBrowser();
  const topic = uniqueName("mend");
  const bad = 120;
  const world = useConsoleWorld();
  let host: TestHost;

  beforeAll(async () => {
    await world.kafka.createTopic(topic);
    await world.elasticsearch.demand("PUT", `/${topic}`, {
      mappings: { properties: { user: { type: "long" }, "kafka.topic": { type: "keyword" } } },
    });
    host = await startTestHost({
      ...world.servers,
      topics: [{ topic, format: "json", rejected: "dead-letter" }],
    });
    await world.kafka.produce(topic, [
      ...Array.from({ length: 40 }, (_, n) => ({ value: JSON.stringify({ user: n }) })),
      ...Array.from({ length: bad }, (_, n) => ({ value: JSON.stringify({ user: `<b>guest</b> ${n}` }) })),
    ]);
    await host.untilTopic(topic, "refused them", ({ counts }) => counts.deadLettered === bad);
  }, 240_000);
  afterAll(() => host?.[Symbol.asyncDispose]());

  const groupAt = (url: string) =>
    `${url}ui/dead-letters?topic=${topic}&index=${topic}&error=document_parsing_exception&field=user`;

  test("the read-only token sees mapping, proposals and letters, and can neither try nor apply", async () => {
    const never = () => Promise.reject(new Error("a reader must not try"));
    await using other = startConsoleHost(() => [], 0, {
      settings: () => httpSettings({ token: "may-change-everything-here", readOnlyToken }),
      letters: {
        list: async () => ({
          states: { ...noStates, open: 3 },
          statesProblems: [],
          letters: [],
          pages: 1,
          truncated: false,
        }),
        read: never,
      },
      mendings: {
        propose: async () => ({
          target: { kind: "index", index: topic },
          mapping: { type: "long" },
          template: null,
          letters: 3,
          complete: true,
          proposals: [asItIs],
        }),
        tryOut: never,
        apply: () => {
          throw new Error("a reader must not apply");
        },
      },
    });
    await using opened = await browser.open(groupAt(other.url), { expects: /401/, bypassCSP: true });
    const { page, faults } = opened;
    await page.getByLabel("Access token").fill(readOnlyToken);
    await page.keyboard.press("Enter");
    await page.getByText('{"type":"long"}').waitFor();
    for (const name of ["Try all on 3 letters", "Apply… Replay as it is now", "Replay 3"])
      expect(await page.getByRole("button", { name }).isDisabled()).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    expect(faults).toEqual([]);
  }, 240_000);

  test.each(looks)(
    "axe finds nothing: $name",
    async ({ name, options }) => {
      await using opened = await browser.open(groupAt(host.url), options);
      const { page } = opened;
      await page.getByRole("button", { name: "Try all on 100 letters" }).click();
      await page.getByText("smallest that takes all").waitFor(TRIED);
      const isFine = (what: string) => expectFine(page, `mending-${what}-${name}`);
      await isFine("tried");
      await page
        .getByRole("button", { name: "Apply… Leave out what is malformed, and find it as text" })
        .click();
      await isFine("dialog");
    },
    360_000,
  );

  test("what is declared by hand leads to the declaration, with the change to make", async () => {
    await using opened = await browser.open(groupAt(host.url));
    const { page, faults } = opened;
    await page.getByRole("link", { name: "Declare… Declare rejected: flatten" }).click();
    await page.getByText("Set rejected: flatten there; the host follows by itself.").waitFor();
    expect(new URL(page.url()).search).toBe(`?topic=${topic}&rejected=flatten`);
    expect(faults).toEqual([]);
  }, 240_000);

  test("five clicks from the overview: the letters, the group, the trial, the change, the confirmation", async () => {
    await using opened = await browser.open(host.url);
    const { page, faults } = opened;
    await page.getByRole("navigation").getByRole("link", { name: "Dead letters" }).click();
    await page.getByRole("link", { name: `Open the letters of ${bad} of` }).click();
    await page.getByRole("button", { name: "Try all on 100 letters" }).click();
    const best = page.getByRole("row", { name: /smallest that takes all/ });
    await best.waitFor(TRIED);
    expect(await best.innerText()).toMatch(
      /100 of 100 accepted, 100 of them not with[\s\S]*40 records as now/,
    );
    const row = page.getByRole("row", { name: /Replay as it is now/ });
    expect(await row.innerText()).toMatch(/0 of 100 accepted, 100 refused/);
    await page.getByRole("button", { name: "Apply… Replay into a new index with another type" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByLabel("The request").innerText()).toStartWith(`PUT /${topic}-mended\n`);
    await dialog.getByText("The trial: 100 of 100 accepted; good records: 40 records as now.").waitFor();
    await dialog.getByRole("button", { name: "Change and replay" }).click();
    const told = page.getByText(`${bad} resolved, 0 left; all in ${topic}-mended.`);
    await told.waitFor(TRIED);
    await page.getByText(`Changed first: PUT /${topic}-mended`).waitFor();
    await page.getByText("Nothing is left: no letter of this kind is open.").waitFor();
    await keepScreenshot(page, "mending-done");
    expect(await world.elasticsearch.count(`${topic}-mended`)).toBe(bad);
    expect(faults).toEqual([]);
  }, 480_000);
});
