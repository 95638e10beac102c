import { describe, expect, test } from "bun:test";
import { createDeadLetters } from "../../../lib/adapters/kafka/client/dead-letters.ts";
import { createReader } from "../../../lib/adapters/kafka/reader/reader.ts";
import { createRecordReader } from "../../../lib/adapters/kafka/queries/record-reader.ts";
import { createKafkaDecoder } from "../../../lib/adapters/kafka/records/kafka-decoder.ts";
import { createKafkaWire } from "../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { createKafkaCluster } from "../../../lib/adapters/kafka/queries/cluster.ts";
import { systemTime } from "../../../lib/adapters/system/system-time.ts";
import { collectingSink } from "../../support/collecting-sink.ts";
import { eventually } from "../../support/eventually.ts";
import { createMemoryLogger } from "../../support/memory-logger.ts";
import type { SecuredWorld } from "./world.ts";

/** Everything works over each kind of connection. */
export function describeLinks(world: SecuredWorld): void {
  const { links, settingsOf, newTopic, configOf, hostOf } = world;

  describe("a host's Kafka calls work over", () => {
    for (const link of links) {
      test(
        link.name,
        async () => {
          const settings = settingsOf(link);
          const logger = createMemoryLogger();
          const topic = await newTopic("one", "two");
          const signal = AbortSignal.timeout(60_000);
          const cluster = createKafkaCluster(createKafkaWire(settings, logger), logger);
          const letters = createDeadLetters(settings, topic, logger);
          const reader = createRecordReader(settings, logger);
          const wire = createKafkaWire(settings, logger);
          const lanes = createReader({ wire, rack: "", time: systemTime, logger });
          try {
            expect(await cluster.listTopics(signal)).toContain(topic);

            // Both were produced together, so that one fetch returns them.
            const sink = collectingSink(() => 2);
            sink.read = lanes.open(topic, 0, 0, sink);
            const part = await eventually("they are read", () => sink.parts[0] ?? null);
            const decoder = createKafkaDecoder({ maxBatchBytes: settings.maxBatchBytes });
            const piece = await decoder.open(part).decodeNext(1024 * 1024);
            expect(piece?.records.map(({ value }) => String(value))).toEqual(["one", "two"]);

            await letters.store([{ key: null, value: Buffer.from("three"), headers: [] }], signal);
            expect(await reader.ranges(topic, signal)).toEqual(new Map([[0, { start: 0, end: 3 }]]));
            const audited: string[] = [];
            await reader.readSpans(
              topic,
              new Map([[0, { start: 0, end: 3 }]]),
              async ({ records }) => void audited.push(...records.map(({ value }) => String(value))),
              signal,
            );
            expect(audited).toEqual(["one", "two", "three"]);
          } finally {
            await lanes.close();
            await Promise.all([cluster.close(), letters.close(), wire.close()]);
          }
        },
        240_000,
      );
    }
  });

  describe("a whole host moves records over", () => {
    for (const link of links.filter(({ name }) =>
      ["TLS and scram-sha-512", "TLS with a client certificate", "plain"].includes(name),
    )) {
      test(
        link.name,
        async () => {
          const topic = await newTopic("one", "two", "three");
          const host = await hostOf(configOf(link, [topic]));
          await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 3);
          expect(await world.elasticsearch.count(topic)).toBe(3);
          await host.untilReady();
        },
        240_000,
      );
    }
  });
}
