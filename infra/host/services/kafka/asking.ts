import type { KafkaWire } from "../../../../lib/adapters/kafka/protocol/wire.ts";
import { hostStopping, PenstockError } from "../../../../lib/rules/base/errors.ts";

/** Questions of people to Kafka, each within a time limit and over connections of its own. */
export interface Asking {
  /**
   * @param signal aborted if the client disconnects
   * @throws PenstockError `deadline_exceeded`, `stopping` if the host stops first, and what `ask` throws
   */
  ask<T>(
    limitMs: number,
    signal: AbortSignal,
    ask: (wire: KafkaWire, until: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

/** @param openWire opens connections that nobody else uses */
export function createAsking(openWire: () => KafkaWire): Asking {
  const life = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  return {
    async ask(limitMs, signal, ask) {
      life.signal.throwIfAborted();
      const late = AbortSignal.timeout(limitMs);
      const wire = openWire();
      const asking = (async () => {
        try {
          return await ask(wire, AbortSignal.any([life.signal, signal, late]));
        } finally {
          await wire.close();
        }
      })();
      underWay.add(asking);
      try {
        return await asking;
      } catch (cause) {
        life.signal.throwIfAborted();
        if (!late.aborted) throw cause;
        const reason = `there was no answer within ${limitMs / 1_000} s`;
        throw new PenstockError("deadline_exceeded", reason, { retryable: true, cause });
      } finally {
        underWay.delete(asking);
      }
    },
    async stop() {
      life.abort(hostStopping());
      await Promise.allSettled(underWay);
    },
  };
}
