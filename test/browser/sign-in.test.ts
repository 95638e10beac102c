import { expect, test } from "bun:test";
import { axeViolations, describeInBrowser, keepScreenshot, looks, useBrowser } from "../support/browser.ts";
import { openConsoleWorld } from "../support/console-world.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";

const token = "correct-horse-battery-staple";

describeInBrowser("signing in", () => {
  const browser = useBrowser();

  test("a token is asked for, traded for a cookie, and kept nowhere", async () => {
    await using world = await openConsoleWorld();
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
  }, 60_000);
});
