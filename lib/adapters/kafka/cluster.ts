import type { Admin } from "kafkajs";
import { abortable } from "../../rules/abortable.ts";
import { messageOf, PenstockError } from "../../rules/errors.ts";
import type { Logger } from "../../rules/logger.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { createKafkaClient } from "./client.ts";

/** What the host asks of the Kafka cluster as a whole. */
export interface KafkaCluster {
  /** Every topic with its number of partitions, in one request. @throws PenstockError `kafka_unavailable` */
  listTopics(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

/** Connects at the first question, and again after a failed one. */
export function createKafkaCluster(settings: KafkaSettings, logger: Logger): KafkaCluster {
  let connecting: Promise<Admin> | null = null;

  const connect = (): Promise<Admin> => {
    connecting ??= (async () => {
      const admin = createKafkaClient(settings, logger).admin();
      await admin.connect();
      return admin;
    })();
    return connecting;
  };

  const close = async (): Promise<void> => {
    const closing = connecting;
    connecting = null;
    // A connection that never came about has nothing to close.
    const admin = await closing?.catch(() => null);
    await admin?.disconnect();
  };

  return {
    close,
    async listTopics(signal) {
      const ask = connect().then(async (admin) => {
        const { topics } = await admin.fetchTopicMetadata();
        return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
      });
      try {
        return await abortable(ask, signal);
      } catch (error) {
        // A client that failed once may hang on to a dead broker: the next question gets a fresh one.
        void close().catch((failure: unknown) => {
          logger.debug("a Kafka client could not be closed", { error: messageOf(failure) });
        });
        throw new PenstockError(
          "kafka_unavailable",
          `Kafka at ${settings.brokers.join(", ")} does not answer: ${messageOf(error)}`,
          { retryable: true, cause: error },
        );
      }
    },
  };
}
