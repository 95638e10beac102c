import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { describeInBrowser, expectFine, looks, useBrowser } from "../support/browser.ts";
import { useConsoleWorld } from "../support/console-world.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";

const now = Date.now();
const seconds = (ago: number): number => (now - ago * 1_000) / 1_000;
const iso = (ago: number): string => new Date(now - ago * 1_000).toISOString();

/** Typical entries of loggers and agents, and the line a person reads for each, oldest first. */
const shapes: Readonly<
  Record<string, { readonly timestamp: string; readonly records: readonly (readonly [object, string])[] }>
> = {
  zap: {
    timestamp: "ts",
    records: [
      [
        { level: "info", ts: seconds(50), caller: "http/server.go:88", msg: "listening", addr: ":8080" },
        "listening",
      ],
      [
        {
          level: "warn",
          ts: seconds(40),
          caller: "pay/retry.go:31",
          msg: "retrying",
          attempt: 2,
          took: 0.25,
        },
        "retrying",
      ],
      [
        {
          level: "error",
          ts: seconds(30),
          caller: "pay/retry.go:40",
          msg: "payment declined",
          user_login: "bob",
          stacktrace: "main.main\n\t/srv/main.go:12",
        },
        "payment declined",
      ],
    ],
  },
  docker: {
    timestamp: "time",
    records: [
      [{ log: "GET /healthz 200 2ms\n", stream: "stdout", time: iso(50) }, "GET /healthz 200 2ms"],
      [
        {
          log: `${JSON.stringify({ level: "error", msg: "cart is gone", user: { id: 7 } })}\n`,
          stream: "stderr",
          time: iso(40),
        },
        "cart is gone",
      ],
    ],
  },
  kubernetes: {
    timestamp: "time",
    records: [
      [
        {
          log: "worker 3 started\n",
          stream: "stdout",
          time: iso(50),
          kubernetes: {
            namespace_name: "shop",
            pod_name: "shop-7d9f4-x2x",
            container_name: "web",
            labels: { app: "shop", "app.kubernetes.io/name": "shop", "pod-template-hash": "7d9f4" },
          },
        },
        "worker 3 started",
      ],
    ],
  },
  audit: {
    timestamp: "requestReceivedTimestamp",
    records: [
      [
        {
          kind: "Event",
          verb: "update",
          message: "configmaps/settings updated",
          requestReceivedTimestamp: iso(40),
          user: { username: "system:admin", groups: ["system:masters"] },
          requestObject: Object.fromEntries(
            Array.from({ length: 600 }, (_, n) => [`setting_${n}`, { value: n }]),
          ),
        },
        "configmaps/settings updated",
      ],
    ],
  },
  unfit: {
    timestamp: "time",
    records: [
      [{ message: "took three", took: 3, time: iso(50) }, "took three"],
      [{ message: "took nobody knows", took: "-", time: iso(40) }, "took nobody knows"],
    ],
  },
};

describeInBrowser("records as loggers write them, in Explore", () => {
  const browser = useBrowser();
  const topics = new Map(Object.keys(shapes).map((name) => [name, uniqueName(name)]));
  const topicOf = (name: string): string => topics.get(name) ?? name;
  const world = useConsoleWorld();
  let host: TestHost;

  beforeAll(async () => {
    await world.elasticsearch.demand("PUT", `/${topicOf("unfit")}`, {
      settings: { "index.mapping.ignore_malformed": true },
      mappings: {
        dynamic_templates: [{ strings: { match_mapping_type: "string", mapping: { type: "keyword" } } }],
        properties: { message: { type: "text" }, took: { type: "long" } },
      },
    });
    for (const [name, { records }] of Object.entries(shapes)) {
      await world.kafka.createTopic(topicOf(name));
      await world.kafka.produce(
        topicOf(name),
        records.map(([record]) => ({ value: JSON.stringify(record) })),
      );
    }
    host = await startTestHost({
      ...world.servers,
      topics: Object.entries(shapes).map(([name, { timestamp }]) => ({
        topic: topicOf(name),
        format: "json",
        timestamp,
      })),
    });
    for (const [name, { records }] of Object.entries(shapes)) {
      await host.untilIndexed(topicOf(name), records.length);
      await world.elasticsearch.demand("POST", `/${topicOf(name)}/_refresh`);
    }
  }, 240_000);
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await world.elasticsearch.request("DELETE", `/${topicOf("unfit")}`);
  });

  const open = (name: string, query = "", options = {}) =>
    browser.open(
      `${host.url}ui/explore?${new URLSearchParams({ topic: topicOf(name), ...(query !== "" && { q: query }) }).toString()}`,
      options,
    );
  const lines = (page: Page) => page.getByRole("list", { name: "Lines" }).getByRole("listitem");
  const openLast = async (page: Page): Promise<void> => {
    await lines(page).first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("group", { name: "Form" }).waitFor();
  };

  test.each(Object.keys(shapes))(
    "%s reads as lines, whatever they are called",
    async (name) => {
      await using opened = await open(name);
      const { page, faults } = opened;
      await lines(page).first().waitFor();
      const shown = await page.locator(".log .line .text").allInnerTexts();
      expect(shown.toReversed()).toEqual((shapes[name]?.records ?? []).map(([, line]) => line));
      expect(faults).toEqual([]);
    },
    240_000,
  );

  test("an ignored field is marked on the line and in the document", async () => {
    await using opened = await open("unfit");
    const { page } = opened;
    await openLast(page);
    expect(await lines(page).first().locator(".note").innerText()).toContain(
      "1 field not searchable by name",
    );
    expect(await page.locator(".notes").innerText()).toContain("Not searchable by name: took.");
  }, 240_000);

  test("flattened fields are marked and explained", async () => {
    await using opened = await open("audit");
    const { page } = opened;
    await openLast(page);
    expect(await lines(page).first().locator(".note").innerText()).toContain("fields flattened");
    expect(await page.locator(".notes").innerText()).toContain(
      "fields_flattened All own fields are one, kafka.value",
    );
  }, 240_000);

  test("searchable values narrow the search by their field; the topic has its own picker", async () => {
    await using opened = await open("zap");
    const { page } = opened;
    await openLast(page);
    const named = async (words: string): Promise<number> => page.getByRole("link", { name: words }).count();
    expect(await named("Filter for caller: pay/retry.go:40")).toBe(1);
    expect(await named("Filter for kafka.partition: 0")).toBe(1);
    expect(await named(`Filter for kafka.topic: ${topicOf("zap")}`)).toBe(0);
    await page.getByRole("link", { name: "Filter for caller: pay/retry.go:40" }).click();
    await page.getByText("1 match", { exact: true }).waitFor();
  }, 240_000);

  test.each(looks)(
    "$name: each looks as it should, opened",
    async ({ name: look, options }) => {
      for (const name of Object.keys(shapes)) {
        await using opened = await open(name, "", options);
        const { page } = opened;
        await openLast(page);
        await expectFine(page, `shape-${name}-${look}`);
      }
    },
    240_000,
  );
});
