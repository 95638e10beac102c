import type { MetadataAnswer } from "../protocol/wire.ts";

/** The addresses of brokers by node id, from the latest metadata. */
export interface BrokerAddresses {
  /** Returns `host:port`, or null if unknown. */
  of(nodeId: number): string | null;
  all(): ReadonlySet<string>;
  take(brokers: MetadataAnswer["brokers"]): void;
  /** Drops an address at which nothing answers: the broker may have moved. */
  forget(nodeId: number, address: string): void;
}

export function createBrokerAddresses(): BrokerAddresses {
  const known = new Map<number, string>();
  return {
    of: (nodeId) => known.get(nodeId) ?? null,
    all: () => new Set(known.values()),
    take(brokers) {
      // A broker that has just started may not know any broker yet.
      if (brokers.length === 0) return;
      known.clear();
      for (const { nodeId, host, port } of brokers)
        known.set(nodeId, `${host.includes(":") ? `[${host}]` : host}:${port}`);
    },
    forget(nodeId, address) {
      if (known.get(nodeId) === address) known.delete(nodeId);
    },
  };
}
