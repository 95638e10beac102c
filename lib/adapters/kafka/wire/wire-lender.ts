import { abortable } from "../../../rules/base/abortable.ts";
import { sameSettings } from "../../../rules/plan/accept-settings.ts";
import { PenstockError } from "../../../rules/base/errors.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import type { KafkaWire } from "../protocol/wire.ts";

/** Shares connections: everyone who needs the same brokers with the same login gets the same ones. */
export interface WireLender {
  /**
   * Lends a wire. Closing it ends that borrower's pending calls; the connections close with the last borrower. `cut`
   * affects all borrowers of a lane, but every lane except `questions` has only one.
   */
  lend(settings: KafkaSettings): KafkaWire;
}

interface Lent {
  readonly settings: KafkaSettings;
  readonly wire: KafkaWire;
  borrowers: number;
}

export function createWireLender(open: (settings: KafkaSettings) => KafkaWire): WireLender {
  const lent = new Set<Lent>();

  const find = (settings: KafkaSettings): Lent => {
    const known = [...lent].find((one) => sameSettings(wayOf(one.settings), wayOf(settings)));
    if (known !== undefined) return known;
    const opened = { settings, wire: open(settings), borrowers: 0 };
    lent.add(opened);
    return opened;
  };

  return {
    lend(settings) {
      const one = find(settings);
      const { wire } = one;
      one.borrowers += 1;
      const life = new AbortController();
      return {
        async call(...call) {
          life.signal.throwIfAborted();
          return abortable(wire.call(...call), life.signal);
        },
        cut: (to, lane) => wire.cut(to, lane),
        async knows(...about) {
          life.signal.throwIfAborted();
          return abortable(wire.knows(...about), life.signal);
        },
        async close() {
          if (life.signal.aborted) return;
          const text = "the connections to Kafka are closed";
          life.abort(new PenstockError("kafka_unavailable", text, { retryable: true }));
          one.borrowers -= 1;
          if (one.borrowers > 0) return;
          lent.delete(one);
          await wire.close();
        },
      };
    },
  };
}

/** The settings that determine a connection. */
function wayOf({ brokers, tls, sasl }: KafkaSettings): object {
  return { brokers, tls, sasl };
}
