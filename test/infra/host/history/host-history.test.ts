import { afterEach, expect, test } from "bun:test";
import { createHostHistory, type HostHistory } from "../../../../infra/host/history/host-history.ts";
import { createKafkaLinks } from "../../../../lib/adapters/kafka/client/links.ts";
import type { HistoryRead, HistoryReading } from "../../../../lib/adapters/kafka/history/read-history.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import type { Settings } from "../../../../lib/rules/model/settings.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import { eventually } from "../../../support/eventually.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { kafkaSettings, settings } from "../../../support/settings.ts";

const day = 86_400_000;
const everything = { topic: null, kinds: [], fromMs: 0, toMs: Infinity };
const open: HostHistory[] = [];
afterEach(async () => {
  for (const history of open.splice(0)) await history.close();
});

function setUp() {
  const logger = createMemoryLogger();
  const clock = { now: Date.now() };
  const world: { settings: Settings; reading: HistoryReading } = {
    settings: settings({ history: { topic: "penstock.history", keepMs: 7 * day } }),
    reading: { positions: new Map([[0, 5]]), isCut: false },
  };
  const written: string[] = [];
  const readFrom: HistoryRead["positions"][] = [];
  const history = createHostHistory(
    {
      logger,
      run: "r",
      time: { ...systemTime, now: () => clock.now },
      links: createKafkaLinks(),
      settings: () => world.settings,
      hide: (text) => text.replaceAll("old-password", "(hidden)"),
    },
    {
      openWriter: () => ({
        append: async (entries, _signal, onSettled) => {
          written.push(...entries.map(({ value }) => value));
          onSettled(entries);
        },
        close: () => Promise.resolve(),
      }),
      read: (_options, { positions }) => {
        readFrom.push(positions);
        return Promise.resolve(world.reading);
      },
    },
  );
  open.push(history);
  const texts = async () => (await history.events(everything, 10)).map(({ text }) => text);
  return { history, world, clock, written, readFrom, texts };
}

test("what is told is written when somebody looks, for the other hosts too", async () => {
  const { history, written, texts } = setUp();
  history.logger.info("a topic is held", { topic: "app" });
  expect(await texts()).toEqual(["a topic is held"]);
  await eventually("it is written", () => written.some((value) => value.includes("a topic is held")));
});

test("events hide what the log hides, secrets of earlier settings too", async () => {
  const { history } = setUp();
  history.logger.warn("a topic stalled", { topic: "app", error: "refused old-password" });
  const [event] = await history.events(everything, 10);
  expect(event?.fields["error"]).toBe("refused (hidden)");
});

test("other credentials leave what is known; another topic is another history", async () => {
  const { history, world, texts, readFrom } = setUp();
  history.logger.info("a topic is held", { topic: "app" });
  await texts();
  const sasl = { mechanism: "plain", username: "u", password: new Secret("two") } as const;
  world.settings = { ...world.settings, kafka: kafkaSettings({ sasl }) };
  // The writer is opened anew by the next write.
  history.logger.info("a topic runs", { topic: "app" });
  await texts();
  expect((await texts()).toSorted()).toEqual(["a topic is held", "a topic runs"]);
  world.settings = { ...world.settings, history: { topic: "x.penstock.history", keepMs: 7 * day } };
  history.logger.info("a topic resumed", { topic: "app" });
  await texts();
  expect(await texts()).toEqual([]);
  expect([readFrom.at(0), readFrom.at(1), readFrom.at(-1)]).toEqual([null, new Map([[0, 5]]), null]);
});

test("a history that was read in part says so, until what is missing is too old anyway", async () => {
  const { history, world, clock, texts } = setUp();
  world.reading = { ...world.reading, isCut: true };
  await texts();
  expect(history.problem).toStartWith("Its oldest part is missing");
  world.reading = { ...world.reading, isCut: false };
  clock.now += 6_000;
  await texts();
  expect(history.problem).toStartWith("Its oldest part is missing");
  clock.now += 7 * day;
  expect(history.problem).toBeNull();
});
