import type { OrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import {
  entriesDue,
  holdEntries,
  type HoldOrder,
  holdText,
  knownOrders,
} from "../../../lib/rules/progress/hold.ts";
import { startRounds } from "../observe/rounds.ts";
import { createOrderWatch, type OrderWatch } from "./order-watch.ts";
import type { PositionMover } from "./rewinder.ts";

/** Follows the orders that hold topics, confirms them, and keeps Kafka from forgetting them. */
export interface HoldKeeper {
  readonly watch: OrderWatch;
  /** What was ordered last; null: nothing. */
  order(topic: string): HoldOrder | null;
  stop(): Promise<void>;
}

/** The topics of a host. */
export interface HeldTopics {
  holdOrRead(topics: Iterable<string>): void;
  /** The partitions that follow the current order; null: not all do yet. */
  following(topic: string): readonly number[] | null;
}

export interface HoldKeeperDeps {
  readonly topics: HeldTopics;
  /** The host of a topic's first partition tells of a release, so that one host does. */
  readonly mover: Pick<PositionMover, "isOurs">;
  readonly store: () => OrderStore;
  readonly logger: Pick<Logger, "debug" | "info">;
  readonly failures: Pick<ThrottledLogger, "warn">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** In memory, unless something is due. */
const EVERY_MS = 500;
const QUESTION_MS = 8_000;

export function createHoldKeeper(deps: HoldKeeperDeps): HoldKeeper {
  const { topics, mover, store, logger, failures, now } = deps;
  const life = new AbortController();
  let known: ReadonlyMap<string, HoldOrder> = new Map();

  const watch = createOrderWatch({
    store,
    logger,
    failures,
    onChange(stored) {
      const before = known;
      known = knownOrders(before, holdEntries(stored));
      const changed = [...known].filter(([topic, { at }]) => at !== before.get(topic)?.at);
      for (const [topic, { held, by }] of changed)
        if (!held && before.get(topic)?.held === true && mover.isOurs(topic, 0))
          logger.info("a topic was released", { topic, by });
      topics.holdOrRead(changed.map(([topic]) => topic));
    },
  });

  const due = () => {
    const entries = holdEntries(watch.orders ?? []);
    return [...known].flatMap(([topic, order]) => {
      const stored = entries.get(topic) ?? new Map();
      const some = entriesDue(order, stored, topics.following(topic) ?? [], now());
      return some.map(({ partition, entry }) => ({ topic, partition, offset: 0, metadata: holdText(entry) }));
    });
  };

  const stopRounds = startRounds(life, { everyMs: EVERY_MS, atOnce: false }, async () => {
    if (watch.orders === null || due().length === 0) return;
    const signal = AbortSignal.any([life.signal, AbortSignal.timeout(QUESTION_MS)]);
    try {
      // Just before writing: somebody may have given another order.
      await watch.refresh(signal);
      const entries = due();
      if (entries.length > 0) await watch.write(entries, signal);
    } catch (error) {
      if (life.signal.aborted) return;
      failures.warn("what holds topics could not be written to Kafka", {
        reason: "orders",
        error: messageOf(error),
      });
    }
  });

  return {
    watch,
    order: (topic) => known.get(topic) ?? null,
    async stop() {
      await Promise.all([watch.stop(), stopRounds()]);
    },
  };
}
