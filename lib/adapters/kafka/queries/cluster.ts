import { isRefused } from "../../../rules/diagnosis/check.ts";
import type { TopicConfig } from "../../../rules/diagnosis/kafka.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import { readLogPositions } from "./log-positions.ts";
import type { PartitionPosition } from "../reader/reader.ts";
import { readTopicConfigs } from "./topic-configs.ts";
import type { KafkaWire, MetadataAnswer } from "../protocol/wire.ts";

/** What the host asks of the Kafka cluster as a whole. */
export interface KafkaCluster {
  /** Every topic, in one request; the same set as long as nothing changes. @throws PenstockError `kafka_unavailable`, `kafka_refused` */
  listTopics(signal: AbortSignal): Promise<ReadonlySet<string>>;
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
  close(): Promise<void>;
}

/** Which topics there are, any broker has at hand; another one is asked too where one does not say it soon. */
const TOPICS_MS = 4_000;

/** @param wire is closed with it */
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
        logger.debug("a broker tells nothing of its logs", { broker, error: messageOf(error) }),
      ),
    async topicConfigs(topics, signal) {
      const answers = await readTopicConfigs(wire, topics, signal);
      return new Map(
        [...answers].flatMap(([topic, config]) => (isRefused(config) ? [] : [[topic, config] as const])),
      );
    },
  };
}
