import { expect, test } from "bun:test";
import { axeViolations, describeInBrowser, useBrowser } from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";

describeInBrowser("moving a topic's position", () => {
  const browser = useBrowser();
  const world = useConsoleWorld();

  test("shows first what would happen, moves it then, and says why it cannot be", async () => {
    const topic = uniqueName("rewound");
    await world.kafka.createTopic(topic);
    await world.kafka.produce(
      topic,
      Array.from({ length: 10 }, () => ({ value: "a line" })),
    );
    await using host = await startTestHost({ ...world.servers, topics: [topic] });
    await host.untilTopic(topic, "is committed", ({ partitions }) => partitions[0]?.committed === 10);
    await using opened = await browser.open(`${host.url}ui/topics/${topic}`, {
      bypassCSP: true,
      expects: /400/,
    });
    const { page, faults } = opened;
    await page.getByRole("button", { name: "Rewind…" }).click();
    const dialog = page.getByRole("dialog");
    const to = dialog.getByLabel("To");
    await to.fill("11");
    await dialog.getByRole("button", { name: "Show what would happen" }).click();
    await dialog.getByText("is not in Kafka: it has 0 to 10").waitFor();
    await to.fill("4");
    await dialog.getByRole("button", { name: "Show what would happen" }).click();
    await dialog.getByText("partition 0: 10 → 4, 6 read again").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    const counts = async () => (await host.topics()).find((one) => one.topic === topic)?.counts;
    expect((await counts())?.duplicate).toBe(0);
    await dialog.getByRole("button", { name: "Move", exact: true }).click();
    await dialog.getByText("has moved: 6 records are read again").waitFor();
    await host.untilTopic(topic, "has read them again", ({ counts: now }) => now.duplicate === 6);
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });
    // Beside the refusal, which the browser reports, too.
    expect(faults).toEqual([]);
  }, 360_000);
});
