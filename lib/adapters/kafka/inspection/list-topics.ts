import type { KafkaWire } from "../protocol/wire.ts";
import { readLogPositions } from "../queries/log-positions.ts";

const ANSWER_MS = 5_000;

/** The number of partitions of all topics by name, those of Kafka itself excepted. @throws what the wire throws */
export async function listTopics(wire: KafkaWire, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
  const { topics } = await wire.call(null, "Metadata", { topics: null }, how);
  const others = topics.filter(({ topic }) => !topic.startsWith("__"));
  return new Map(others.map(({ topic, partitions }) => [topic, partitions.length]));
}

/**
 * How many offsets Kafka keeps of each topic: its records, at most. Topics of which a partition's leader does not answer
 * are left out.
 * @throws what the wire throws
 */
export async function countOffsets(
  wire: KafkaWire,
  topics: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  if (topics.size === 0) return new Map();
  const wanted = new Map(
    [...topics].map(([topic, partitions]) => [
      topic,
      new Set(Array.from({ length: partitions }, (_, at) => at)),
    ]),
  );
  const positions = await readLogPositions(wire, wanted, signal, () => {});
  const counts = new Map<string, number>();
  for (const [topic, told] of positions) {
    if (told.length < (topics.get(topic) ?? 0)) continue;
    counts.set(
      topic,
      told.reduce((sum, { highWatermark, logStart }) => sum + highWatermark - logStart, 0),
    );
  }
  return counts;
}
