import { allOpen, noLetterStates } from "../support/letter-states.ts";
import { expect, test } from "bun:test";
import { axeViolations, describeInBrowser, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { startConsoleHost } from "../support/console-host.ts";
import { reconcileResult } from "../support/reconcile-result.ts";
import { httpSettings } from "../support/settings.ts";
import { topicStatus } from "../support/topic-status.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { noFailureStores } from "../support/failure-stores.ts";
import { noneGaveWay } from "../support/gave-way.ts";

const token = "correct-horse-battery-staple";

describeInBrowser("signing in", () => {
  const browser = useBrowser();
  const world = useConsoleWorld();

  test("a token is asked for, exchanged for a cookie, and stored nowhere", async () => {
    const topic = uniqueName("hidden");
    await using host = await startTestHost({ ...world.servers, http: { port: 0, token }, topics: [topic] });
    for (const { options } of looks) {
      await using looked = await browser.open(host.url, options);
      await looked.page.getByLabel("Access token").waitFor();
      expect(await axeViolations(looked.page)).toEqual([]);
    }

    await using opened = await browser.open(`${host.url}ui/topics?q=hid`, { expects: /401/ });
    const { page, faults } = opened;
    await page.getByLabel("Access token").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("That token was not accepted.").waitFor();
    expect(await page.content()).not.toContain(topic);
    await keepScreenshot(page, "sign-in");

    await page.getByLabel("Access token").fill(token);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: topic }).waitFor();
    expect(new URL(page.url()).search).toBe("?q=hid");
    const kept = await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])");
    expect(kept).not.toContain(token);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    expect(cookie?.value).not.toContain(token);

    await page.reload();
    await page.getByRole("link", { name: topic }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Access token").waitFor();
    expect((await page.context().cookies()).length).toBe(0);
    expect(faults).toEqual([]);
    expect(JSON.stringify(host.log())).not.toContain(token);
  }, 240_000);

  test("the read-only token shows everything, and says why nothing can be changed", async () => {
    const readOnlyToken = "may-look-and-not-change";
    const { topic, spec, sources } = topicStatus();
    const source = sources[0] ?? { kind: "config", name: "config.yaml", revision: null, entry: 0 };
    const start = { topic, spec, source, reason: "declared" };
    const none = reconcileResult();
    const group = {
      topic,
      field: "n",
      error: "document_parsing_exception",
      index: topic,
      ...allOpen(3),
      firstSeen: "2026-11-22T12:00:00.000Z",
      lastSeen: "2026-11-22T12:00:00.000Z",
      sample: { topic, partition: 0, offset: 1, reason: "failed to parse field [n]", value: "x" },
    };
    await using host = startConsoleHost(() => [topicStatus()], 0, {
      settings: () => httpSettings({ token, readOnlyToken }),
      reconcile: async () => reconcileResult({ carriedOut: false, plan: { ...none.plan, start: [start] } }),
      digest: async () => ({
        letters: 3,
        ...noLetterStates,
        read: 3,
        filteredOut: 0,
        doubles: 0,
        notLetters: 0,
        firstForeign: null,
        truncated: false,
        gaveWay: noneGaveWay,
        failureStores: noFailureStores,
        others: 0,
        groups: [group],
      }),
    });
    await using opened = await browser.open(`${host.url}ui/reconcile`, { expects: /401/, bypassCSP: true });
    const { page, faults } = opened;
    await page.getByLabel("Access token").fill(readOnlyToken);
    await page.keyboard.press("Enter");
    const apply = page.getByRole("button", { name: "Apply: start 1" });
    await page.getByRole("banner").getByText("Read-only").waitFor();
    const reason =
      "You signed in with the read-only token: you can view and preview everything, but not change anything.";
    const described = async (button: typeof apply): Promise<void> => {
      await button.waitFor();
      expect(await button.isDisabled()).toBe(true);
      const id = (await button.getAttribute("aria-describedby")) ?? "";
      expect(await page.locator(`[id="${id}"]`).innerText()).toBe(reason);
      expect(await axeViolations(page)).toEqual([]);
    };
    await described(apply);
    await keepScreenshot(page, "read-only");
    await page.getByRole("link", { name: "Dead letters" }).click();
    await described(page.getByRole("button", { name: /^Replay 3/ }));
    await page.reload();
    await described(page.getByRole("button", { name: /^Replay 3/ }));
    expect(faults).toEqual([]);
  }, 240_000);
});
