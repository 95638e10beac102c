import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { SimulatedBroker } from "./broker.ts";

/** The one-way delay of a message. */
export interface NetworkDelays {
  readonly leastMs: number;
  readonly spreadMs: number;
  /** One message in this many is late by up to `lateMs`; 0 for none. */
  readonly lateOneIn: number;
  readonly lateMs: number;
}

export const QUICK_NETWORK: NetworkDelays = { leastMs: 0.1, spreadMs: 0.9, lateOneIn: 200, lateMs: 250 };

/** The connections between clients and brokers: messages are delayed, or wait while a connection is cut. */
export interface Network {
  delays: NetworkDelays;
  /** Delivers it; messages of one direction of one connection arrive in order, by `way`. */
  carry(way: Way, deliver: () => void): void;
  /** Blocks both directions until mended; TCP then retransmits. @param brokers null for all */
  cut(client: string, brokers: readonly number[] | null): void;
  mend(client: string): void;
  isCut(client: string, broker: SimulatedBroker): boolean;
}

/** One direction of one connection. */
export interface Way {
  readonly client: string;
  readonly broker: SimulatedBroker;
  /** When the last message arrives. */
  lastMs: number;
}

/** How long TCP may take to retransmit. */
const RETRANSMISSION_MS = 400;

export function createNetwork(time: Time, random: SeededRandom): Network {
  const cuts = new Map<string, ReadonlySet<number> | "all">();
  const held = new Map<string, { readonly way: Way; readonly deliver: () => void }[]>();

  const isCut = (client: string, { nodeId }: SimulatedBroker): boolean => {
    const cut = cuts.get(client);
    return cut === "all" || cut?.has(nodeId) === true;
  };

  const network: Network = {
    delays: QUICK_NETWORK,
    carry(way, deliver) {
      const { leastMs, spreadMs, lateOneIn, lateMs } = network.delays;
      const late = lateOneIn > 0 && random.below(lateOneIn) === 0 ? random.next() * lateMs : 0;
      const nowMs = time.monotonicMs();
      way.lastMs = Math.max(way.lastMs, nowMs + leastMs + random.next() * spreadMs + late);
      time.after(way.lastMs - nowMs, () => {
        if (!isCut(way.client, way.broker)) deliver();
        else held.set(way.client, [...(held.get(way.client) ?? []), { way, deliver }]);
      });
    },
    cut(client, brokers) {
      cuts.set(client, brokers === null ? "all" : new Set(brokers));
    },
    mend(client) {
      cuts.delete(client);
      const waiting = held.get(client) ?? [];
      held.delete(client);
      const extra = random.next() * RETRANSMISSION_MS;
      for (const { way, deliver } of waiting) {
        way.lastMs = Math.max(way.lastMs, time.monotonicMs() + extra);
        network.carry(way, deliver);
      }
    },
    isCut,
  };
  return network;
}
