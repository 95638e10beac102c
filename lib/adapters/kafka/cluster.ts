import { isRefused } from "../../rules/diagnosis/check.ts";
import type { TopicConfig } from "../../rules/diagnosis/kafka.ts";
import type { GroupMember } from "../../rules/group-strangers.ts";
import type { Logger } from "../../rules/logger.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { createKafkaAdmin } from "./admin.ts";
import type { PartitionPosition } from "./reader/reader.ts";
import { readTopicConfigs } from "./topic-configs.ts";
import type { KafkaLinks } from "./links.ts";

/** What the host asks of the Kafka cluster as a whole. */
export interface KafkaCluster {
  /** Every topic with its number of partitions, in one request. @throws PenstockError `kafka_unavailable`, `kafka_refused` */
  listTopics(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /**
   * Where logs stand, by topic, in one request to each leader; partitions whose leader is away are left out.
   * @throws PenstockError as `listTopics` does
   */
  positions(
    wanted: ReadonlyMap<string, ReadonlySet<number>>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly PartitionPosition[]>>;
  /** How topics keep their records, of those that may be asked. @throws PenstockError as `listTopics` does */
  topicConfigs(topics: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TopicConfig>>;
  /** @throws PenstockError as `listTopics` does */
  groupMembers(groupId: string, signal: AbortSignal): Promise<readonly GroupMember[]>;
  close(): Promise<void>;
}

/** A leader that needs longer is as good as away. */
const LEADER_MS = 3_000;

/** Connects at the first question, and again after a failed one. */
export function createKafkaCluster(
  settings: KafkaSettings,
  logger: Logger,
  links?: KafkaLinks,
): KafkaCluster {
  const admin = createKafkaAdmin(settings, logger, links);
  return {
    close: () => admin.close(),
    listTopics: (signal) =>
      admin.ask(async (client) => {
        const { topics } = await client.fetchTopicMetadata();
        return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
      }, signal),
    positions: (wanted, signal) =>
      admin.ask(async (client) => {
        // Asked by name, one topic in trouble would be all that is told.
        const { topics } = await client.fetchTopicMetadata();
        const partitions = topics.flatMap(({ name: topic, partitions: all }) =>
          all
            .filter(({ partitionId, leader }) => leader >= 0 && wanted.get(topic)?.has(partitionId))
            .map(({ partitionId, leader }) => ({ topic, partition: partitionId, leader })),
        );
        const told = await client.fetchLogPositions({ partitions, timeout: LEADER_MS });
        const byTopic = Map.groupBy(told, ({ topic }) => topic);
        return new Map([...byTopic].map(([topic, positions]) => [topic, positions.map(toPosition)]));
      }, signal),
    groupMembers: (groupId, signal) =>
      admin.ask(async (client) => {
        const { groups } = await client.describeGroups([groupId]);
        return groups.flatMap(({ members }) => members);
      }, signal),
    topicConfigs: (topics, signal) =>
      admin.ask(async (client) => {
        const answers = await readTopicConfigs(client, topics);
        return new Map(
          [...answers].flatMap(([topic, config]) => (isRefused(config) ? [] : [[topic, config] as const])),
        );
      }, signal),
  };
}

/** As kafkajs tells it. */
export function toPosition(position: {
  partition: number;
  highWatermark: string;
  lastStableOffset: string;
  logStartOffset: string;
}): PartitionPosition {
  return {
    partition: position.partition,
    highWatermark: Number(position.highWatermark),
    lastStableOffset: Number(position.lastStableOffset),
    logStart: Number(position.logStartOffset),
  };
}
