import { expect, test } from "bun:test";
import { createRebuilds } from "../../../../infra/host/rebuild/rebuilds.ts";
import type { KafkaWire } from "../../../../lib/adapters/kafka/protocol/wire.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { orderEntry } from "../../../../lib/rules/rebuild/rebuild.ts";
import { eventually } from "../../../support/eventually.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { rebuildOrder } from "../../../support/rebuilds.ts";
import { kafkaSettings, settings } from "../../../support/settings.ts";

test("a topic of which Kafka does not answer does not keep another one from being rebuilt", async () => {
  const wire = {
    call: async (
      _to: unknown,
      _api: unknown,
      { topics }: { topics: string[] },
      how: { signal: AbortSignal },
    ) => {
      how.signal.throwIfAborted();
      if (topics.includes("silent"))
        await new Promise((_, reject) =>
          how.signal.addEventListener("abort", () => reject(new Error("late"))),
        );
      return { brokers: [], topics: topics.map((topic) => ({ topic, error: null, partitions: [] })) };
    },
    close: () => Promise.resolve(),
  } as unknown as KafkaWire;
  const logger = createMemoryLogger();
  const entries = ["silent", "well"].map((topic) => orderEntry(topic, rebuildOrder));
  const rebuilds = createRebuilds({
    logger,
    failures: logger,
    time: systemTime,
    orders: (kind) => ({
      read: () => Promise.resolve(kind === "rebuilds" ? entries : []),
      write: () => Promise.resolve(),
    }),
    elasticsearch: () => ({
      ask: () => Promise.resolve({}),
      bulk: () => Promise.reject(new Error("nothing is written")),
    }),
    deadLetters: () => ({ store: () => Promise.resolve() }),
    openWire: () => wire,
    settings: () => ({ kafka: kafkaSettings(), bulk: settings().elasticsearch.bulk }),
    topics: () => [],
    load: () => ({ lag: 0, inFlight: 1, isRefused: false }),
    newId: () => "id",
    placeOf: () => "nowhere",
    ensureTemplate: () => Promise.resolve(),
  });
  expect(rebuilds.topics).toBeNull();
  await eventually("it is known", () => rebuilds.of("well"), 1_000);
  expect(rebuilds.topics).toEqual(new Set(["silent", "well"]));
  await rebuilds.stop();
});
