/** What a deployment is to carry. */
export interface Load {
  readonly topics: number;
  /** Of all topics together, at the peak. */
  readonly recordsPerSecond: number;
  readonly format: "text" | "json";
}

/** What was measured, of one host process on one core; where each figure comes from stands in infra/deploy/scale.md. */
export interface Costs {
  /** CPU of the host per million records into a real Elasticsearch, in seconds. */
  readonly cpuPerMillion: Readonly<Record<Load["format"], number>>;
  /** CPU of Elasticsearch per million documents, primary only, with the template and one merge, in seconds. */
  readonly elasticsearchCpuPerMillion: Readonly<Record<Load["format"], number>>;
  /** Bytes of a record's value. */
  readonly recordBytes: Readonly<Record<Load["format"], number>>;
  /** Share of a core that one idle topic takes on each host that declares it. */
  readonly idleCpuPerTopic: number;
  readonly requestsPerTopicPerSecond: number;
  readonly socketsPerTopic: number;
  readonly rssPerTopicBytes: number;
  /** Of a host without topics. */
  readonly rssBytes: number;
  readonly metricsBytesPerTopic: number;
}

export const MEASURED: Costs = {
  // JSON: 4.8 into an endpoint that answers at once, and what a real one added to a text record.
  cpuPerMillion: { text: 3.3, json: 6.7 },
  elasticsearchCpuPerMillion: { text: 36.9, json: 91.8 },
  recordBytes: { text: 143, json: 1_100 },
  idleCpuPerTopic: 0.0715 / 1_000,
  requestsPerTopicPerSecond: 0.46,
  socketsPerTopic: 2,
  rssPerTopicBytes: 120_000,
  rssBytes: 120e6,
  metricsBytesPerTopic: 600,
};

/** How hosts share the topics. */
export interface Layout {
  /** Hosts that declare the same topics. Each is a member of the group of each of them. */
  readonly hostsPerCell: number;
  /** How much of its core a host may use at the peak: what is left carries it while another one is away. */
  readonly utilization: number;
}

/** What a load needs. Per second and per host where nothing else is said. */
export interface Needs {
  readonly hosts: number;
  readonly cells: number;
  readonly topicsPerHost: number;
  /** Members of all groups together: what Kafka's coordinators keep. */
  readonly members: number;
  /** That all hosts send to all brokers while nothing happens. */
  readonly idleRequests: number;
  /** On one host; on the brokers it is this times the hosts. */
  readonly socketsPerHost: number;
  readonly idleCpuPerHost: number;
  /** Without the records in flight (kafka.inFlight.maxBytes). */
  readonly rssPerHostBytes: number;
  readonly recordsPerHost: number;
  readonly bytesPerHost: number;
  readonly metricsBytesPerHost: number;
  /** Cores that Elasticsearch needs for primaries alone; as many again for each replica. */
  readonly elasticsearchCores: number;
}

/**
 * How many hosts carry a load, and what that means for the servers. Topics are spread over cells: hosts of one cell
 * declare the same topics, so that one may go; hosts of different cells none in common.
 * @throws RangeError where the topics alone leave a host nothing for records, however many cells there are
 */
export function needsOf(load: Load, { hostsPerCell, utilization }: Layout, costs: Costs = MEASURED): Needs {
  const perRecord = costs.cpuPerMillion[load.format] / 1e6;
  const recordCpu = load.recordsPerSecond * perRecord;
  // Every topic is declared on each host of its cell, so that what idle topics cost grows with the hosts of a cell only.
  const idleCpu = load.topics * costs.idleCpuPerTopic * hostsPerCell;
  if (!(utilization > 0 && utilization <= 1))
    throw new RangeError(`utilization is ${utilization}: it must be in (0, 1]`);
  const cells = Math.max(1, Math.ceil((recordCpu + idleCpu) / utilization / hostsPerCell));
  const hosts = cells * hostsPerCell;
  const topicsPerHost = Math.ceil(load.topics / cells);
  const members = load.topics * hostsPerCell;
  return {
    hosts,
    cells,
    topicsPerHost,
    members,
    idleRequests: members * costs.requestsPerTopicPerSecond,
    socketsPerHost: topicsPerHost * costs.socketsPerTopic,
    idleCpuPerHost: topicsPerHost * costs.idleCpuPerTopic,
    rssPerHostBytes: costs.rssBytes + topicsPerHost * costs.rssPerTopicBytes,
    recordsPerHost: load.recordsPerSecond / hosts,
    bytesPerHost: (load.recordsPerSecond / hosts) * costs.recordBytes[load.format],
    metricsBytesPerHost: topicsPerHost * costs.metricsBytesPerTopic,
    elasticsearchCores: load.recordsPerSecond * (costs.elasticsearchCpuPerMillion[load.format] / 1e6),
  };
}
