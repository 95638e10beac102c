import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createKafkaCluster, type KafkaCluster } from "../../lib/adapters/kafka/queries/cluster.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { eventually } from "../support/eventually.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { kafkaSettings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";

describe("a host's cluster queries", () => {
  const [a, b] = [uniqueName("stands"), uniqueName("stands")];
  let kafka: TestKafka;
  let cluster: KafkaCluster;

  beforeAll(async () => {
    const { brokers } = await testStack();
    kafka = await connectTestKafka(brokers);
    const logger = createMemoryLogger();
    cluster = createKafkaCluster(createKafkaWire(kafkaSettings({ brokers }), logger), logger);
    await kafka.createTopic(a, 3, { "retention.ms": "3600000" });
    await kafka.createTopic(b, 1);
  });
  afterAll(async () => {
    await cluster.close();
    await kafka[Symbol.asyncDispose]();
  });

  test("log positions: of many topics at once, with stable and written offsets apart", async () => {
    await kafka.produce(
      a,
      [0, 2, 2].map((partition) => ({ partition, value: "m" })),
    );
    const producer = kafka.kafka.producer({ transactionalId: a, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    try {
      const open = await producer.transaction();
      await open.send({ topic: b, messages: [{ value: "not yet" }, { value: "nor this" }] });
      const wanted = new Map([
        [a, new Set([0, 2])],
        [b, new Set([0])],
        [uniqueName("missing"), new Set([0])],
      ]);
      // A leader that is slow to answer is left out.
      const told = await eventually("every leader answers", async () => {
        const all = await cluster.positions(wanted, AbortSignal.timeout(60_000));
        return all.get(a)?.length === 2 && all.has(b) ? all : null;
      });
      expect(
        new Map([...told].map(([topic, all]) => [topic, all.toSorted((x, y) => x.partition - y.partition)])),
      ).toEqual(
        new Map([
          [
            a,
            [
              { partition: 0, highWatermark: 1, lastStableOffset: 1, logStart: 0 },
              { partition: 2, highWatermark: 2, lastStableOffset: 2, logStart: 0 },
            ],
          ],
          [b, [{ partition: 0, highWatermark: 2, lastStableOffset: 0, logStart: 0 }]],
        ]),
      );
      await open.abort();
    } finally {
      await producer.disconnect();
    }
  });

  test("retention settings", async () => {
    const configs = await cluster.topicConfigs([a], AbortSignal.timeout(60_000));
    expect(configs.get(a)).toMatchObject({
      retentionMs: 3_600_000,
      retentionBytes: -1,
      cleanupPolicy: "delete",
    });
  });
});
