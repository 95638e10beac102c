import type { PenstockError } from "../../../rules/base/errors.ts";
import { Grouped } from "../../../rules/fetch/session.ts";
import { asUnavailable } from "../reader/log-ends.ts";
import type { PartitionPosition } from "../reader/reader.ts";
import type { KafkaCalls, KafkaWire, OfTopic } from "../protocol/wire.ts";

/** Any broker answers metadata from memory. */
const METADATA_MS = 5_000;
/** A slower leader counts as unreachable. */
const LEADER_MS = 3_000;

/**
 * Looks up the offsets of logs, by topic, with one request per leader and kind of offset. Partitions without an answer
 * are left out.
 * @param onSilent called with the error of a leader that does not answer
 * @throws PenstockError `kafka_unavailable`, `kafka_refused`; the signal's reason
 */
export async function readLogPositions(
  wire: KafkaWire,
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
  signal: AbortSignal,
  onSilent: (leader: number, error: PenstockError) => void,
): Promise<ReadonlyMap<string, readonly PartitionPosition[]>> {
  const how = { lane: "questions", timeoutMs: METADATA_MS, signal } as const;
  const { topics } = await wire.call(null, "Metadata", { topics: [...wanted.keys()] }, how);
  const byLeader = new Map<number, Grouped<number>>();
  for (const { topic, partitions } of topics) {
    for (const { partition, leader } of partitions) {
      if (leader < 0 || wanted.get(topic)?.has(partition) !== true) continue;
      byLeader.getOrInsertComputed(leader, () => new Grouped()).add(topic, partition);
    }
  }
  const positions = new Grouped<PartitionPosition>();
  const asking = [...byLeader].map(async ([leader, led]) => {
    try {
      for (const { topic, position } of await askLeader(wire, leader, led.list, signal))
        positions.add(topic, position);
    } catch (error) {
      signal.throwIfAborted();
      onSilent(leader, asUnavailable(error));
    }
  });
  await Promise.all(asking);
  return new Map(positions.list.map(({ topic, partitions }) => [topic, partitions]));
}

async function askLeader(
  wire: KafkaWire,
  leader: number,
  topics: readonly OfTopic<number>[],
  signal: AbortSignal,
): Promise<{ readonly topic: string; readonly position: PartitionPosition }[]> {
  const end = async (
    at: KafkaCalls["ListOffsets"]["request"]["at"],
  ): Promise<ReadonlyMap<string, number>> => {
    const how = { lane: "questions", timeoutMs: LEADER_MS, signal } as const;
    const answer = await wire.call(leader, "ListOffsets", { at, topics }, how);
    return new Map(
      answer.topics.flatMap(({ topic, partitions }) =>
        partitions.flatMap(({ partition, error, offset }) =>
          error === null ? [[`${partition} ${topic}`, offset] as const] : [],
        ),
      ),
    );
  };
  const [starts, stables, highs] = await Promise.all([end("earliest"), end("stable"), end("latest")]);
  return topics.flatMap(({ topic, partitions }) =>
    partitions.flatMap((partition) => {
      const name = `${partition} ${topic}`;
      const [logStart, lastStableOffset, highWatermark] = [
        starts.get(name),
        stables.get(name),
        highs.get(name),
      ];
      if (logStart === undefined || lastStableOffset === undefined || highWatermark === undefined) return [];
      return [{ topic, position: { partition, highWatermark, lastStableOffset, logStart } }];
    }),
  );
}
