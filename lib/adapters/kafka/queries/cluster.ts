import { isRefused } from "../../../rules/diagnosis/check.ts";
import type { TopicConfig } from "../../../rules/progress/retention.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import { errorSentence } from "../protocol/error-names.ts";
import { describeGroup } from "./group-access.ts";
import { readLogPositions } from "./log-positions.ts";
import type { PartitionPosition } from "../reader/reader.ts";
import { readTopicConfigs } from "./topic-configs.ts";
import type { DescribedMember, KafkaWire, MetadataAnswer } from "../protocol/wire.ts";

/** Queries about the Kafka cluster as a whole. */
export interface KafkaCluster {
  /** Returns all topics, the same set until they change. @throws PenstockError `kafka_unavailable`, `kafka_refused` */
  listTopics(signal: AbortSignal): Promise<ReadonlySet<string>>;
  /**
   * Asks all leaders at once. Returns log positions by topic, without partitions whose leader is unavailable.
   * @throws PenstockError as `listTopics` does
   */
  positions(
    wanted: ReadonlyMap<string, ReadonlySet<number>>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly PartitionPosition[]>>;
  /** Returns the settings of topics, except those we may not read. @throws PenstockError as `listTopics` does */
  topicConfigs(topics: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TopicConfig>>;
  /** Returns the members of a consumer group; none if it is not there. @throws PenstockError as `listTopics` does */
  groupMembers(groupId: string, signal: AbortSignal): Promise<readonly DescribedMember[]>;
  close(): Promise<void>;
}

/** Any broker answers from memory; if one is slow, another is asked too. */
const TOPICS_MS = 4_000;

/** @param wire closed together with the result */
export function createKafkaCluster(wire: KafkaWire, logger: Logger): KafkaCluster {
  let last: { readonly answer: MetadataAnswer; readonly names: ReadonlySet<string> } | null = null;
  return {
    close: () => wire.close(),
    async listTopics(signal) {
      const how = { lane: "questions", timeoutMs: TOPICS_MS, signal } as const;
      const known = last?.answer ?? null;
      const answer = await wire.call(null, "Metadata", { topics: null, known }, how);
      if (last === null || answer.topics !== last.answer.topics)
        last = { answer, names: new Set(answer.topics.map(({ topic }) => topic)) };
      return last.names;
    },
    positions: (wanted, signal) =>
      readLogPositions(wire, wanted, signal, (broker, error) =>
        logger.debug("a broker did not report its log positions", { broker, error: messageOf(error) }),
      ),
    async groupMembers(groupId, signal) {
      const { error, members } = await describeGroup(wire, groupId, signal);
      if (error !== null)
        throw new PenstockError(
          "kafka_refused",
          `the group ${groupId} cannot be described: ${errorSentence(error)}`,
        );
      return members;
    },
    async topicConfigs(topics, signal) {
      const answers = await readTopicConfigs(wire, topics, signal);
      return new Map(
        [...answers].flatMap(([topic, config]) => (isRefused(config) ? [] : [[topic, config] as const])),
      );
    },
  };
}
