import { KafkaJSAggregateError } from "kafkajs";
import type { Refused } from "../../../rules/diagnosis/check.ts";
import type { GroupFacts, TopicConfig } from "../../../rules/diagnosis/kafka.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import { createKafkaAdmin } from "../client/admin.ts";
import { DEAD_LETTER_TOPIC_CONFIG } from "../client/dead-letters.ts";
import { createKafkaOffsets } from "./offsets.ts";
import { describeGroup, joinRefusal } from "./group-access.ts";
import { readSpans } from "./span-reader.ts";
import { readTopicConfigs } from "./topic-configs.ts";
import { errorSentence } from "../protocol/error-names.ts";
import { createKafkaWire } from "../wire/kafkajs-wire.ts";

/** Read-only checks of what a host may do. */
export interface KafkaDiagnosis {
  /** Asks one broker. @returns `host:port` of every broker it knows @throws PenstockError `kafka_unavailable` */
  reach(address: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Returns partition counts by topic. @throws PenstockError `kafka_unavailable`, as do the following */
  topics(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** Returns the configs of existing topics. */
  configs(
    topics: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicConfig | Refused>>;
  group(groupId: string, signal: AbortSignal): Promise<GroupFacts | Refused>;
  /** Returns why the topic could not be created, or null, without creating it. */
  creationRefusal(topic: string, signal: AbortSignal): Promise<string | null>;
  /**
   * Reads one record, without a group.
   * @returns false if the topic has none
   * @throws PenstockError if reading is not allowed
   */
  readOne(topic: string, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

const ANSWER_MS = 10_000;

export function createKafkaDiagnosis(settings: KafkaSettings, logger: Logger): KafkaDiagnosis {
  const admin = createKafkaAdmin(settings, logger);
  const wire = createKafkaWire(settings, logger);
  const offsets = createKafkaOffsets(settings, logger, wire);
  const how = (signal: AbortSignal) => ({ lane: "questions", timeoutMs: ANSWER_MS, signal }) as const;
  /** Aborted reads may still be closing their connections. */
  const reading = new Set<Promise<void>>();
  return {
    async reach(address, signal) {
      const one = createKafkaWire({ ...settings, brokers: [address] }, logger);
      try {
        const { brokers } = await one.call(null, "Metadata", { topics: [] }, how(signal));
        return brokers.map(({ host, port }) => `${host}:${port}`);
      } finally {
        await one.close();
      }
    },

    async topics(signal) {
      const { topics } = await wire.call(null, "Metadata", { topics: null }, how(signal));
      return new Map(topics.map(({ topic, partitions }) => [topic, partitions.length]));
    },

    configs: (topics, signal) => readTopicConfigs(wire, topics, signal),

    async group(groupId, signal) {
      const refusal = await joinRefusal(wire, groupId, signal);
      if (refusal !== null) return { refused: refusal };
      const { error, state, protocolType, members } = await describeGroup(wire, groupId, signal);
      if (error !== null) return { refused: errorSentence(error) };
      return { state, protocolType, clientIds: members.map(({ clientId }) => clientId) };
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
      await Promise.allSettled([admin.close(), offsets.close(), ...reading]);
    },
  };
}
