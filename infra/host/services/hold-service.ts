import { setTimeout as delay } from "node:timers/promises";
import { type HoldInput, type HoldResult, holdTopics } from "../../../functions/hold-topics.ts";
import type { OrderWatch } from "../orders/order-watch.ts";
import type { ConsumerPool } from "../topic/consumer-pool.ts";

export interface HoldServiceDeps {
  readonly pool: Pick<ConsumerPool, "observed" | "partitions">;
  readonly watch: Pick<OrderWatch, "refresh" | "write">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Gives and withdraws orders for HTTP. This host follows at once, others with their next look. */
export function createHoldService({ pool, watch, now }: HoldServiceDeps) {
  return (input: HoldInput, signal: AbortSignal): Promise<readonly HoldResult[]> =>
    holdTopics(input, {
      now,
      declared(topic) {
        const known = pool.observed().get(topic);
        if (known === undefined) return Promise.resolve(null);
        const { spec, sources, state } = known;
        return Promise.resolve({
          inKafka: state !== "pending",
          heldBy: spec.hold ? (sources[0] ?? null) : null,
          partitions: pool.partitions(topic).length,
        });
      },
      read: () => watch.refresh(signal),
      write: (orders) => watch.write(orders, signal),
      hosts: () => Promise.resolve(null),
      wait: (ms) => delay(ms, undefined, { signal }),
    });
}
