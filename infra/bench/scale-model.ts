/**
 * What was measured, per unit. Sources: infra/bench/README.md (scenes throughput, indexing, idle; index template) and, of
 * sockets, a host's /proc/<pid>/fd with 20 and with 120 topics. One machine of two cores: orders of magnitude, not promises.
 */
export const MEASURED = {
  /** Of the host's process, with a real Elasticsearch behind it. "indexing", own CPU per million. */
  hostCpuSecondsPerMillionText: 3.3,
  /** With an endpoint that answers at once. "throughput"; into a real Elasticsearch it is more. */
  hostCpuSecondsPerMillionJson: 4.8,
  /** Elasticsearch's own, one shard without replica, merges included. "What the index template costs". */
  elasticsearchCpuSecondsPerMillionText: 36.9,
  elasticsearchCpuSecondsPerMillionJson: 91.8,
  textRecordBytes: 143,
  jsonRecordBytes: 1_100,
  textDocumentBytes: 285,
  jsonDocumentBytes: 1_030,
  /** Of a core; the slope between 50 and 1,000 idle topics of one partition. "idle". */
  idleCorePerMember: (0.0715 - 0.0115) / 950,
  idleCoreBase: 0.0084,
  idleBytesPerMember: (239e6 - 123e6) / 950,
  baseBytes: 117e6,
  /** 1,000 topics were all running after 2.66 s. "idle". */
  joinSecondsPerTopic: 2.66 / 1_000,
  /** With one broker: one that reads, and one that waits without a partition. */
  socketsPerReader: 2,
  socketsPerWaiter: 1,
} as const;

/** Of lib/adapters/kafka/consumer.ts: an idle consumer's long poll, after each of which it beats its heart. */
const LONG_POLL_SECONDS = 5;
/** Of infra/host/committer.ts: commits of a busy topic are gathered for so long. */
const COMMIT_EVERY_SECONDS = 0.5;
/** Of a core: a host has one thread for what it does itself, and more for compiling and collecting garbage. */
const BUSY_SHARE = 0.6;

export interface ScaleCase {
  readonly name: string;
  readonly topics: number;
  readonly partitions: number;
  readonly recordsPerSecond: number;
  readonly format: "text" | "json";
  /** Deployments of their own, each with its part of the topics: all hosts of one are members of all its groups. */
  readonly cells: number;
  readonly brokers: number;
}

/** What a case needs, in all cells together unless it says otherwise. */
export interface ScaleNeeds {
  readonly hosts: number;
  readonly hostsPerCell: number;
  readonly idleCorePerHost: number;
  readonly memoryPerHostBytes: number;
  readonly members: number;
  readonly heartbeatsPerSecond: number;
  readonly idleFetchesPerSecond: number;
  readonly commitsPerSecond: number;
  readonly sockets: number;
  readonly socketsPerBroker: number;
  readonly kafkaOutBytesPerSecond: number;
  readonly elasticsearchCores: number;
  readonly indexBytesPerDay: number;
  readonly startSeconds: number;
}

/** What a host spends on waiting in that many topics; of a core. */
export function idleCoreOf(topics: number): number {
  return MEASURED.idleCoreBase + topics * MEASURED.idleCorePerMember;
}

/** Null: it does not fit, since a host that idles in all topics of its cell has no core left to move records with. */
export function needsOf(wanted: ScaleCase): ScaleNeeds | null {
  const { topics, partitions, recordsPerSecond, format, cells, brokers } = wanted;
  const text = format === "text";
  const perCell = topics / cells;
  const idleCorePerHost = idleCoreOf(perCell);
  const room = BUSY_SHARE - idleCorePerHost;
  if (room <= 0) return null;
  const cpuSeconds =
    (recordsPerSecond / 1e6) *
    (text ? MEASURED.hostCpuSecondsPerMillionText : MEASURED.hostCpuSecondsPerMillionJson);
  // One more, so that one may be missing.
  const hostsPerCell = Math.max(2, Math.ceil(cpuSeconds / cells / room) + 1);
  const hosts = hostsPerCell * cells;
  const members = perCell * hosts;
  const readers = Math.min(members, partitions);
  const sockets = readers * MEASURED.socketsPerReader + (members - readers) * MEASURED.socketsPerWaiter;
  return {
    hosts,
    hostsPerCell,
    idleCorePerHost,
    memoryPerHostBytes: MEASURED.baseBytes + perCell * MEASURED.idleBytesPerMember + 256 * 1024 * 1024,
    members,
    heartbeatsPerSecond: members / LONG_POLL_SECONDS,
    idleFetchesPerSecond: readers / LONG_POLL_SECONDS,
    commitsPerSecond: readers / COMMIT_EVERY_SECONDS,
    sockets,
    socketsPerBroker: sockets / brokers,
    kafkaOutBytesPerSecond: recordsPerSecond * (text ? MEASURED.textRecordBytes : MEASURED.jsonRecordBytes),
    elasticsearchCores:
      (recordsPerSecond / 1e6) *
      (text
        ? MEASURED.elasticsearchCpuSecondsPerMillionText
        : MEASURED.elasticsearchCpuSecondsPerMillionJson),
    indexBytesPerDay:
      recordsPerSecond * 86_400 * (text ? MEASURED.textDocumentBytes : MEASURED.jsonDocumentBytes),
    startSeconds: perCell * MEASURED.joinSecondsPerTopic,
  };
}
