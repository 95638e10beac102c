import type { FetchedBatch } from "../../../rules/offsets/span-tracks.ts";
import type { StartAt } from "../../../rules/model/declaration.ts";
import { KafkaJSAggregateError } from "kafkajs";
import type { Refused } from "../../../rules/diagnosis/check.ts";
import type { GroupFacts } from "../../../rules/diagnosis/kafka.ts";
import type { TopicConfig } from "../../../rules/progress/retention.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import type { KafkaLinks } from "../client/links.ts";
import { createKafkaAdmin } from "../client/admin.ts";
import { DEAD_LETTER_TOPIC_CONFIG } from "../client/dead-letters.ts";
import { createKafkaOffsets } from "./offsets.ts";
import { describeGroup, joinRefusal } from "./group-access.ts";
import { readSpans, type Spans } from "./span-reader.ts";
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
  /**
   * Finds when the oldest record was written that a group has still to read. Reads one record of each partition that is
   * behind, without a group.
   * @returns milliseconds since the epoch; null if all is read, or if no such record has a timestamp
   * @throws PenstockError if reading is not allowed
   */
  oldestUnread(reading: GroupReading, signal: AbortSignal): Promise<number | null>;
  close(): Promise<void>;
}

/** How a group reads a topic. */
export interface GroupReading {
  readonly topic: string;
  readonly group: string;
  /** Where it begins in a partition without a commit. */
  readonly startAt: StartAt;
}

const ANSWER_MS = 10_000;

/** @param links shared by the clients of one process */
export function createKafkaDiagnosis(
  settings: KafkaSettings,
  logger: Logger,
  links?: KafkaLinks,
): KafkaDiagnosis {
  const admin = createKafkaAdmin(settings, logger, links);
  const wire = createKafkaWire(settings, logger, links);
  const offsets = createKafkaOffsets(settings, logger, wire);
  const how = (signal: AbortSignal) => ({ lane: "questions", timeoutMs: ANSWER_MS, signal }) as const;
  /** Aborted reads may still be closing their connections. */
  const reading = new Set<Promise<void>>();
  const read = async (
    topic: string,
    spans: Spans,
    signal: AbortSignal,
    onBatch: (batch: FetchedBatch) => void,
  ): Promise<void> => {
    const one = readSpans(
      { kafka: settings, topic, logger, links },
      spans,
      async (batch) => onBatch(batch),
      signal,
    );
    reading.add(one);
    await one.finally(() => reading.delete(one));
  };
  return {
    async reach(address, signal) {
      const one = createKafkaWire({ ...settings, brokers: [address] }, logger, links);
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
        await read(topic, new Map([[partition, { start: end - 1, end }]]), signal, () => {});
        return true;
      }
      return false;
    },

    async oldestUnread({ topic, group, startAt }, signal) {
      const [ranges, commits] = await Promise.all([
        offsets.ranges(topic, signal),
        offsets.committed(group, topic, signal),
      ]);
      const spans = new Map<number, { start: number; end: number }>();
      for (const [partition, { start, end }] of ranges) {
        const committed = commits.get(partition)?.offset ?? (startAt === "earliest" ? start : end);
        const next = Math.max(start, committed);
        if (next < end) spans.set(partition, { start: next, end: next + 1 });
      }
      const times: number[] = [];
      await read(topic, spans, signal, ({ records }) => {
        for (const { timestamp } of records) if (timestamp >= 0) times.push(timestamp);
      });
      return times.length === 0 ? null : Math.min(...times);
    },

    async close() {
      await Promise.allSettled([admin.close(), offsets.close(), ...reading]);
    },
  };
}
