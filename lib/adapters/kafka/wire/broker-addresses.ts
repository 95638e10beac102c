import type { MetadataAnswer } from "../protocol/wire.ts";

/** Where brokers are found by their node ids, as the cluster told last. */
export interface BrokerAddresses {
  /** `host:port`; null: not told, or in doubt. */
  of(nodeId: number): string | null;
  /** Even if it is in doubt. */
  last(nodeId: number): string | null;
  all(): ReadonlySet<string>;
  take(brokers: MetadataAnswer["brokers"]): void;
  /** Nothing answers there: it may have moved. */
  doubt(nodeId: number, address: string): void;
}

export function createBrokerAddresses(): BrokerAddresses {
  const known = new Map<number, string>();
  const doubted = new Set<number>();
  return {
    of: (nodeId) => (doubted.has(nodeId) ? null : (known.get(nodeId) ?? null)),
    last: (nodeId) => known.get(nodeId) ?? null,
    all: () => new Set(known.values()),
    take(brokers) {
      // One that has just started may know nobody yet.
      if (brokers.length === 0) return;
      known.clear();
      doubted.clear();
      for (const { nodeId, host, port } of brokers)
        known.set(nodeId, `${host.includes(":") ? `[${host}]` : host}:${port}`);
    },
    doubt(nodeId, address) {
      if (known.get(nodeId) === address) known.delete(nodeId);
    },
  };
}
