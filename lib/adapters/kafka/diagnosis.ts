import { type Admin, KafkaJSAggregateError } from "kafkajs";
import type { Refused } from "../../rules/diagnosis/check.ts";
import type { GroupFacts, TopicConfig } from "../../rules/diagnosis/kafka.ts";
import { messageOf } from "../../rules/errors.ts";
import type { Logger } from "../../rules/logger.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { systemTime } from "../system-time.ts";
import { createKafkaAdmin } from "./admin.ts";
import { DEAD_LETTER_TOPIC_CONFIG } from "./dead-letters.ts";
import { createKafkaOffsets } from "./offsets.ts";
import { joinRefusal } from "./group-access.ts";
import { createKafkaLinks } from "./links.ts";
import { readSpans } from "./span-reader.ts";
import { createKafkaWire } from "./wire/kafkajs-wire.ts";
import { inHalves, readTopicConfigs } from "./topic-configs.ts";

/** Questions that show what a host may do, and change nothing. Whoever creates it closes it. */
export interface KafkaDiagnosis {
  /** Asks one broker. @returns the `host:port` of all that it knows @throws PenstockError `kafka_unavailable` */
  reach(address: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Number of partitions by topic. @throws PenstockError `kafka_unavailable`; so do the following */
  topics(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** Of topics that exist. */
  configs(
    topics: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicConfig | Refused>>;
  group(groupId: string, signal: AbortSignal): Promise<GroupFacts | Refused>;
  /** Why the topic could not be created; null: it could. It is not. */
  creationRefusal(topic: string, signal: AbortSignal): Promise<string | null>;
  /**
   * Reads one record, without a group.
   * @returns false: the topic has none
   * @throws PenstockError where it may not
   */
  readOne(topic: string, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

export function createKafkaDiagnosis(settings: KafkaSettings, logger: Logger): KafkaDiagnosis {
  const admin = createKafkaAdmin(settings, logger);
  const offsets = createKafkaOffsets(settings, logger);
  const wire = createKafkaWire(settings, logger, createKafkaLinks(), systemTime);
  /** Those that were given up are still closing their connections. */
  const reading = new Set<Promise<void>>();
  return {
    async reach(address, signal) {
      const one = createKafkaAdmin({ ...settings, brokers: [address] }, logger);
      try {
        return await one.ask(async (client) => {
          const { brokers } = await client.describeCluster();
          return brokers.map(({ host, port }) => `${host}:${port}`);
        }, signal);
      } finally {
        // Not awaited: what does not answer would be waited for once more.
        void one.close().catch((error: unknown) => {
          logger.debug("a Kafka client could not be closed", { error: messageOf(error) });
        });
      }
    },

    topics: (signal) =>
      admin.ask(async (client) => {
        const { topics } = await client.fetchTopicMetadata();
        return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
      }, signal),

    configs: (topics, signal) => admin.ask((client) => readTopicConfigs(client, topics), signal),

    async group(groupId, signal) {
      const answers = await admin.ask((client) => inHalves([groupId], askGroups(client)), signal);
      const refusal = await joinRefusal(wire, groupId, signal);
      return refusal === null
        ? (answers.get(groupId) ?? { refused: "Kafka did not say" })
        : { refused: refusal };
    },

    creationRefusal: (topic, signal) =>
      admin.ask(async (client) => {
        try {
          await client.createTopics({
            topics: [{ topic, configEntries: DEAD_LETTER_TOPIC_CONFIG }],
            validateOnly: true,
            waitForLeaders: false,
          });
          return null;
        } catch (error) {
          if (error instanceof KafkaJSAggregateError) return error.errors.map(messageOf).join(", ");
          throw error;
        }
      }, signal),

    async readOne(topic, signal) {
      for (const [partition, { start, end }] of await offsets.ranges(topic, signal)) {
        if (start >= end) continue;
        const spans = new Map([[partition, { start: end - 1, end }]]);
        const read = readSpans({ kafka: settings, topic, logger }, spans, async () => {}, signal);
        reading.add(read);
        await read.finally(() => reading.delete(read));
        return true;
      }
      return false;
    },

    async close() {
      await Promise.allSettled([admin.close(), offsets.close(), wire.close(), ...reading]);
    },
  };
}

function askGroups(client: Admin) {
  return async (groupIds: readonly string[]) => {
    const { groups } = await client.describeGroups([...groupIds]);
    return groups.map(
      ({ groupId, state, protocolType, members }) =>
        [groupId, { state, protocolType, clientIds: members.map(({ clientId }) => clientId) }] as const,
    );
  };
}
