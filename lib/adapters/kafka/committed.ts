import type { AssignmentContext } from "kafkajs";

/** One partition's committed offset; null where the group has none. */
export interface CommittedOffset {
  readonly partition: number;
  offset: number | null;
  /** It has none because kafkajs took it away: the position was out of range. */
  readonly reset: boolean;
}

/** What kafkajs itself commits when it resets a position; Kafka answers -1 where nothing was ever committed. */
const RESET = "-2";

/** The committed offsets of all partitions of a topic, those of other members included; one request. */
export async function readCommitted(context: AssignmentContext, topic: string): Promise<CommittedOffset[]> {
  const partitions = context.partitionsOf(topic).map((partition) => ({ partition }));
  const answer = await context.fetchCommitted([{ topic, partitions }]);
  const found = answer.find((entry) => entry.topic === topic)?.partitions ?? [];
  return found.map(({ partition, offset }) => ({
    partition,
    offset: Number(offset) < 0 ? null : Number(offset),
    reset: offset === RESET,
  }));
}
