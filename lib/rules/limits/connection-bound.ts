/** Far more than open pages, scrapers and probes need. */
const MOST_CONNECTIONS = 1_000;

/**
 * The maximum number of connections to the host's own port: at most half of the process's descriptors. The rest is reserved
 * for Kafka, Elasticsearch and etcd, so that foreign clients cannot stop the logs.
 * @param descriptorLimit null if unknown
 */
export function connectionBound(descriptorLimit: number | null): number {
  return Math.min(MOST_CONNECTIONS, Math.floor((descriptorLimit ?? Infinity) / 2));
}
