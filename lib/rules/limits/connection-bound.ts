/** Many times what open pages, scrapers and probes take. */
const MOST_CONNECTIONS = 1_000;

/**
 * How many connections the host's own port may have: half of the descriptors of the process at most. The rest is for
 * Kafka, Elasticsearch and etcd, for what moves the logs must not depend on strangers.
 * @param descriptorLimit null: not known
 */
export function connectionBound(descriptorLimit: number | null): number {
  return Math.min(MOST_CONNECTIONS, Math.floor((descriptorLimit ?? Infinity) / 2));
}
