import { afterAll, expect, test } from "bun:test";
import type { HistoryAnswer, SeriesAnswer } from "../../infra/api/history/history.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";

const stack = await connectStack();
afterAll(() => stack[Symbol.asyncDispose]());
const { kafka, config } = stack;

async function ask<T>(host: TestHost, path: string): Promise<T> {
  const answer = await host.fetch(path);
  expect([path, answer.status]).toEqual([path, 200]);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the test checks what it uses
  return (await answer.json()) as T;
}

const eventsOf = async (host: TestHost, query = "") =>
  (await ask<HistoryAnswer>(host, `/history${query}`)).events;
const indexedIn = async (host: TestHost, query: string) => {
  const { indexed } = await ask<SeriesAnswer>(host, `/history/series?span=1h${query}`);
  return indexed.reduce<number>((sum, count) => sum + (count ?? 0), 0);
};

test("what happened and the figures are still there after a host was killed, and another host sees them", async () => {
  const topic = uniqueName("history");
  const historyTopic = `${uniqueName("h")}.penstock.history`;
  await kafka.createTopic(topic, 2);
  const wanted = { ...config, history: { topic: historyTopic }, topics: [topic] };
  let killed: number;
  {
    await using host = await startTestHost(wanted);
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    await kafka.produce(topic, [{ value: "one" }, { value: "two" }, { value: "three" }]);
    await host.untilTopic(topic, "moved all", ({ counts }) => counts.indexed === 3);
    await host.writeConfig({
      ...wanted,
      topics: [{ topic, path: "/var/log/x.log" }],
      log: { level: "debug" },
    });
    await eventually("the change is told", async () =>
      (await eventsOf(host, "?kinds=declaration")).length > 0 ? true : null,
    );
    const [declared] = await eventsOf(host, "?kinds=declaration");
    expect(declared).toMatchObject({
      text: "a declaration changed",
      topics: [topic],
      fields: {
        change: "changed",
        source: host.configPath,
        changes: [{ field: "path", from: null, to: "/var/log/x.log" }],
      },
    });
    const [settings] = await eventsOf(host, "?kinds=settings");
    expect(settings?.fields).toEqual({ changes: [{ field: "log.level", from: "info", to: "debug" }] });
    // Graceful stops write the minute that is under way; a killed host loses at most that one.
    await eventually(
      "a minute is counted",
      async () => ((await indexedIn(host, "")) === 3 ? true : null),
      150_000,
    );
    killed = host.pid;
    host.signal("SIGKILL");
    await host.exited;
  }
  await using again = await startTestHost(wanted);
  await using other = await startTestHost({ ...wanted, topics: [] });
  expect(again.pid).not.toBe(killed);
  for (const host of [again, other]) {
    const texts = await eventually("events of the killed host are there", async () => {
      const found = (await eventsOf(host)).map(({ text }) => text);
      return found.includes("a declaration changed") ? found : null;
    });
    expect(texts).toEqual(expect.arrayContaining(["the host started", "a topic runs", "settings changed"]));
    expect(await indexedIn(host, "")).toBe(3);
    expect(await indexedIn(host, `&topic=${topic}`)).toBe(3);
    expect(await indexedIn(host, "&topic=another")).toBe(0);
    expect((await eventsOf(host, `?topic=${topic}`)).length).toBeGreaterThan(0);
  }
  expect(await eventsOf(again, "?from=now-1s&to=now-1s")).toEqual([]);
}, 300_000);
