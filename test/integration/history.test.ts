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

/** A minute ends, and is written within some seconds; on a busy machine, later. */
const MINUTE_MS = 240_000;

const eventsOf = async (host: TestHost, query = "") =>
  (await ask<HistoryAnswer>(host, `/history${query}`)).events;
const movedIn = async (host: TestHost, query: string) => {
  const { indexed, duplicate } = await ask<SeriesAnswer>(host, `/history/series?span=1h${query}`);
  return [...indexed, ...duplicate].reduce<number>((sum, count) => sum + (count ?? 0), 0);
};

test("what happened and the figures are still there after a host was killed, and another host sees them", async () => {
  const topic = uniqueName("history");
  const historyTopic = `${uniqueName("h")}.penstock.history`;
  await kafka.createTopic(topic, 2);
  const wanted = { ...config, history: { topic: historyTopic }, topics: [topic] };
  await using other = await startTestHost({ ...wanted, topics: [] });
  await using host = await startTestHost(wanted);
  await host.untilTopic(topic, "runs", ({ state }) => state === "running");
  await kafka.produce(topic, [{ value: "one" }, { value: "two" }, { value: "three" }]);
  const { counts } = await host.untilIndexed(topic, 3);
  const moved = counts.indexed + counts.duplicate;
  await host.writeConfig({
    ...wanted,
    topics: [{ topic, path: "/var/log/x.log" }],
    log: { level: "debug" },
  });
  const declared = await eventually("another host sees the change", async () => {
    const [found] = await eventsOf(other, `?kinds=declaration&topic=${topic}`);
    return found ?? null;
  });
  expect(declared).toMatchObject({
    text: "a declaration changed",
    topics: [topic],
    fields: {
      change: "changed",
      source: host.configPath,
      changes: [{ field: "path", from: null, to: "/var/log/x.log" }],
    },
  });
  const settings = await eventually("another host sees the settings", async () => {
    const [found] = await eventsOf(other, "?kinds=settings");
    return found ?? null;
  });
  expect(settings.fields).toEqual({ changes: [{ field: "log.level", from: "info", to: "debug" }] });
  // What a killed host has not written is lost: at most the minute under way.
  const seen = async () => ((await movedIn(other, `&topic=${topic}`)) === moved ? true : null);
  await eventually("another host sees the minute", seen, MINUTE_MS);
  host.signal("SIGKILL");
  await host.exited;

  await using again = await startTestHost(wanted);
  for (const one of [again, other]) {
    const texts = await eventually("events of the killed host are there", async () => {
      const found = (await eventsOf(one)).map(({ text }) => text);
      return found.includes("a declaration changed") ? found : null;
    });
    expect(texts).toEqual(expect.arrayContaining(["the host started", "settings changed"]));
    await eventually("so are its figures", async () => {
      const all = await movedIn(one, "");
      return all === moved && (await movedIn(one, `&topic=${topic}`)) === moved;
    });
    expect(await movedIn(one, "&topic=another")).toBe(0);
    expect((await eventsOf(one, `?topic=${topic}`)).length).toBeGreaterThan(0);
  }
  expect(await eventsOf(again, "?from=now-1s&to=now-1s")).toEqual([]);
}, 2_400_000);

test("a topic that takes no records stops nothing: the host says so once, and answers from memory", async () => {
  const topic = uniqueName("history");
  const historyTopic = `${uniqueName("h")}.penstock.history`;
  await kafka.createTopic(topic, 1);
  await kafka.createTopic(historyTopic, 1, { "max.message.bytes": "10" });
  await using host = await startTestHost({ ...config, history: { topic: historyTopic }, topics: [topic] });
  await kafka.produce(topic, [{ value: "one" }]);
  await host.untilIndexed(topic, 1);
  const refused = () =>
    host.log().filter(({ msg }) => String(msg).startsWith("the history is kept in memory only"));
  await eventually("it says so", () => (refused().length > 0 ? true : null));
  await host.writeConfig({
    ...config,
    history: { topic: historyTopic },
    topics: [{ topic, path: "/x.log" }],
  });
  await eventually("a second write was refused", async () =>
    (await eventsOf(host, "?kinds=declaration")).length > 0 ? true : null,
  );
  const { events, problem } = await ask<HistoryAnswer>(host, "/history");
  expect(events.map(({ text }) => text)).toEqual(expect.arrayContaining(["the host started", "reconciled"]));
  expect(problem).toStartWith("It is kept in memory only, because Kafka refuses it: ");
  expect(refused()).toHaveLength(1);
  expect(await host.stop()).toBe(0);
}, 240_000);
