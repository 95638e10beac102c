import type { AssignmentContext } from "kafkajs";
import { parseCheckpoint, type Checkpoint } from "../../rules/checkpoint.ts";

/** One partition's committed offset; null where the group has none. */
export interface CommittedOffset {
  readonly partition: number;
  readonly offset: number | null;
  /** The last record before it, where the commit tells. */
  readonly checkpoint: Checkpoint | null;
}

/** The committed offsets of all partitions of a topic, those of other members included; one request. */
export async function readCommitted(context: AssignmentContext, topic: string): Promise<CommittedOffset[]> {
  const partitions = context.partitionsOf(topic).map((partition) => ({ partition }));
  const answer = await context.fetchCommitted([{ topic, partitions }]);
  const found = answer.find((entry) => entry.topic === topic)?.partitions ?? [];
  return found.map(({ partition, offset, metadata }) => ({
    partition,
    // Kafka answers -1 where nothing is committed.
    offset: Number(offset) < 0 ? null : Number(offset),
    checkpoint: parseCheckpoint(metadata),
  }));
}
