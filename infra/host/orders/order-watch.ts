import type { OrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import type { StoredOrder } from "../../../lib/rules/offsets/order-groups.ts";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { startRounds } from "../observe/rounds.ts";

/** Knows the orders of one kind, also those that were given to other hosts. */
export interface OrderWatch {
  /** As last read; null: not read yet. */
  readonly orders: readonly StoredOrder[] | null;
  /** Reads now. @throws PenstockError `kafka_unavailable`, `kafka_refused`; the signal's reason */
  refresh(signal: AbortSignal): Promise<readonly StoredOrder[]>;
  /**
   * Resolves once the orders are known, or known to be forbidden: nothing is read before.
   * @throws PenstockError `kafka_unavailable`; the signal's reason
   */
  ready(signal: AbortSignal): Promise<void>;
  /** Writes, then reads. @throws as `refresh` */
  write(orders: readonly StoredOrder[], signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface OrderWatchDeps {
  readonly store: () => OrderStore;
  /** Called with the first answer, then with each that differs from the one before. Never throws. */
  onChange(orders: readonly StoredOrder[]): void;
  readonly logger: Pick<Logger, "debug">;
  readonly failures: Pick<ThrottledLogger, "warn">;
}

/** One small request, whatever the number of topics. */
const EVERY_MS = 2_000;
const QUESTION_MS = 8_000;

export function createOrderWatch(deps: OrderWatchDeps): OrderWatch {
  const life = new AbortController();
  let known: readonly StoredOrder[] | null = null;
  let asked = 0;
  let answered = 0;

  const refresh = async (signal: AbortSignal): Promise<readonly StoredOrder[]> => {
    asked += 1;
    const mine = asked;
    const orders = await deps.store().read(AbortSignal.any([life.signal, signal]));
    // An older question may be answered later.
    if (mine < answered) return known ?? orders;
    answered = mine;
    const differ = known === null || JSON.stringify(known) !== JSON.stringify(orders);
    known = orders;
    if (differ) deps.onChange(orders);
    return orders;
  };

  const stop = startRounds(life, { everyMs: EVERY_MS, atOnce: true }, async () => {
    try {
      await refresh(AbortSignal.timeout(QUESTION_MS));
    } catch (error) {
      // What was known stays. The monitor reports a Kafka that is down, but nobody else that this group is forbidden.
      const message = "Kafka could not be asked what is held, rewound or rebuilt";
      const fields = { reason: "orders", error: messageOf(error) };
      if (isRefused(error)) deps.failures.warn(message, fields);
      else deps.logger.debug(message, fields);
    }
  });

  return {
    get orders() {
      return known;
    },
    refresh,
    async ready(signal) {
      if (known !== null) return;
      try {
        await refresh(signal);
      } catch (error) {
        // Not allowed to know: each round says so, and nothing can be ordered.
        if (!isRefused(error)) throw error;
      }
    },
    async write(orders, signal) {
      await deps.store().write(orders, AbortSignal.any([life.signal, signal]));
      await refresh(signal);
    },
    stop,
  };
}

function isRefused(error: unknown): boolean {
  return error instanceof PenstockError && error.code === "kafka_refused";
}
