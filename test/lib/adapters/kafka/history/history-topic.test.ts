import { expect, test } from "bun:test";
import { historyTopicConfig, partitionsOf } from "../../../../../lib/adapters/kafka/history/history-topic.ts";
import type { KafkaWire, MetadataAnswer } from "../../../../../lib/adapters/kafka/protocol/wire.ts";

/** Answers questions about topics, and fails any other. */
function wireThatKnows(topics: MetadataAnswer["topics"]): KafkaWire {
  const wire: Pick<KafkaWire, "call" | "close"> = {
    call: (_to, api) =>
      // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the test checks what is asked
      api === "Metadata"
        ? Promise.resolve({ brokers: [], topics } as never)
        : Promise.reject(new Error(`nobody leads: ${api}`)),
    close: () => Promise.resolve(),
  };
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else is called
  return wire as KafkaWire;
}
const { signal } = new AbortController();

test("the partitions are counted without asking their leaders", async () => {
  const partitions = [0, 1].map((partition) => ({ partition, error: "LEADER_NOT_AVAILABLE", leader: -1 }));
  const known = wireThatKnows([{ topic: "h", error: null, partitions }]);
  expect(await partitionsOf("h", known, signal)).toBe(2);
  const missing = wireThatKnows([{ topic: "h", error: "UNKNOWN_TOPIC_OR_PARTITION", partitions: [] }]);
  expect(await partitionsOf("h", missing, signal)).toBeNull();
});

test("segments are small, because Kafka deletes whole ones", () => {
  const config = new Map(historyTopicConfig(7 * 86_400_000).map(({ name, value }) => [name, Number(value)]));
  expect(config.get("retention.ms")).toBe(604_800_000);
  expect(config.get("segment.ms")).toBe(86_400_000);
  expect(config.get("segment.bytes")).toBeLessThanOrEqual((config.get("retention.bytes") ?? 0) / 4);
});
