import { isRefused } from "../../rules/diagnosis/check.ts";
import type { TopicConfig } from "../../rules/diagnosis/kafka.ts";
import type { GroupMember } from "../../rules/group-strangers.ts";
import type { Logger } from "../../rules/logger.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { systemTime } from "../system-time.ts";
import { createKafkaAdmin } from "./admin.ts";
import { createKafkaLinks, type KafkaLinks } from "./links.ts";
import { readLogPositions } from "./log-positions.ts";
import type { PartitionPosition } from "./reader/reader.ts";
import { readTopicConfigs } from "./topic-configs.ts";
import { createKafkaWire } from "./wire/kafkajs-wire.ts";

/** What the host asks of the Kafka cluster as a whole. */
export interface KafkaCluster {
  /** Every topic with its number of partitions, in one request. @throws PenstockError `kafka_unavailable`, `kafka_refused` */
  listTopics(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /**
   * Where logs stand, by topic, asked of each leader at once; partitions whose leader is away are left out.
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

/** Which topics there are, any broker has at hand; another one is asked too where one does not say it soon. */
const TOPICS_MS = 4_000;

/** Connects at the first question, and again after a failed one. */
export function createKafkaCluster(
  settings: KafkaSettings,
  logger: Logger,
  links: KafkaLinks = createKafkaLinks(),
): KafkaCluster {
  const wire = createKafkaWire(settings, logger, links, systemTime);
  /** For what is asked seldom. */
  const admin = createKafkaAdmin(settings, logger, links);
  return {
    async close() {
      await Promise.all([wire.close(), admin.close()]);
    },
    async listTopics(signal) {
      const how = { lane: "questions", timeoutMs: TOPICS_MS, signal } as const;
      const { topics } = await wire.call(null, "Metadata", { topics: null }, how);
      return new Map(topics.map(({ topic, partitions }) => [topic, partitions.length]));
    },
    positions: (wanted, signal) => readLogPositions(wire, wanted, logger, signal),
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
