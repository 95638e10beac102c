import { setTimeout as delay } from "node:timers/promises";
import { type RewindInput, type RewindResult, rewindTopic } from "../../../functions/rewind-topic.ts";
import type { OrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import type { KafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import type { OrderWatch } from "../orders/order-watch.ts";
import type { ConsumerPool } from "../topic/consumer-pool.ts";

export interface RewindServiceDeps {
  readonly pool: Pick<ConsumerPool, "topics">;
  readonly watch: Pick<OrderWatch, "refresh" | "write">;
  readonly rebuilds: () => OrderStore;
  readonly group: () => string;
  /** Closed after each use. */
  readonly openOffsets: () => KafkaOffsets;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Rewinds for HTTP. This host carries them out at once, others with their next look. */
export function createRewindService(deps: RewindServiceDeps) {
  const { pool, watch, rebuilds, group, now } = deps;
  return async (input: RewindInput, signal: AbortSignal): Promise<RewindResult> => {
    const offsets = deps.openOffsets();
    try {
      return await rewindTopic(input, {
        now,
        isDeclared: (topic) => pool.topics.has(topic),
        ranges: (topic) => offsets.ranges(topic, signal),
        committed: (topic) => offsets.committed(group(), topic, signal),
        offsetsAt: (topic, atMs) => offsets.at(topic, atMs, signal),
        readRewinds: () => watch.refresh(signal),
        writeRewinds: (orders) => watch.write(orders, signal),
        readRebuilds: () => rebuilds().read(signal),
        hosts: () => Promise.resolve(null),
        wait: (ms) => delay(ms, undefined, { signal }),
        newId: () => crypto.randomUUID(),
      });
    } finally {
      await offsets.close();
    }
  };
}
