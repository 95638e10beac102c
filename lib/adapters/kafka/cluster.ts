import type { Logger } from "../../rules/logger.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { createKafkaAdmin } from "./admin.ts";
import type { KafkaLinks } from "./links.ts";

/** What the host asks of the Kafka cluster as a whole. */
export interface KafkaCluster {
  /** Every topic with its number of partitions, in one request. @throws PenstockError `kafka_unavailable`, `kafka_refused` */
  listTopics(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

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
  };
}
