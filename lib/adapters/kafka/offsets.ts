import { KafkaJSProtocolError } from "kafkajs";
import { PenstockError } from "../../rules/errors.ts";
import type { Logger } from "../../rules/logger.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { createKafkaAdmin, type KafkaAdmin } from "./admin.ts";
import { whileLeadersMove } from "./patience.ts";

/** What can be read of a partition's log: offsets [start, end). Retention moves the start, writing the end. */
export interface LogRange {
  readonly start: number;
  /** The last stable offset: the high watermark, or where the first open transaction begins. */
  readonly end: number;
}

export interface CommittedPosition {
  /** The next to read; null where the group committed nothing here. */
  readonly offset: number | null;
  readonly metadata: string | null;
}

/** Questions about positions, for those who read a topic beside its consumers. Whoever creates it closes it. */
export interface KafkaOffsets {
  /** By partition. @throws PenstockError `topic_missing` or `kafka_unavailable` */
  ranges(topic: string, signal: AbortSignal): Promise<ReadonlyMap<number, LogRange>>;
  /** By partition; a group that does not exist has committed nothing. @throws as `ranges` does */
  committed(
    groupId: string,
    topic: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, CommittedPosition>>;
  close(): Promise<void>;
}

export function createKafkaOffsets(settings: KafkaSettings, logger: Logger): KafkaOffsets {
  const once = createKafkaAdmin(settings, logger);
  const admin: KafkaAdmin = {
    close: () => once.close(),
    ask: (question, signal) => whileLeadersMove(() => once.ask(question, signal), signal),
  };
  return {
    close: () => admin.close(),
    ranges: (topic, signal) =>
      admin.ask(async (client) => {
        // Asked for what is not there, kafkajs tries again for seconds.
        if (!(await client.listTopics()).includes(topic)) throw missing(topic);
        try {
          const offsets = await client.fetchTopicOffsets(topic);
          return new Map(
            offsets.map(({ partition, low, high }) => [partition, { start: Number(low), end: Number(high) }]),
          );
        } catch (error) {
          throw missingOr(error, topic);
        }
      }, signal),
    committed: (groupId, topic, signal) =>
      admin.ask(async (client) => {
        try {
          const [entry] = await client.fetchOffsets({ groupId, topics: [topic] });
          return new Map(
            (entry?.partitions ?? []).map(({ partition, offset, metadata }) => [
              partition,
              { offset: Number(offset) < 0 ? null : Number(offset), metadata },
            ]),
          );
        } catch (error) {
          throw missingOr(error, topic);
        }
      }, signal),
  };
}

function missingOr(error: unknown, topic: string): unknown {
  return error instanceof Error && isUnknownTopic(error) ? missing(topic, error) : error;
}

function missing(topic: string, cause?: unknown): PenstockError {
  const message = `topic "${topic}" does not exist in Kafka`;
  return new PenstockError("topic_missing", message, { retryable: true, cause });
}

/** What gave up after several tries wraps what was answered. */
function isUnknownTopic(error: Error): boolean {
  if (error instanceof KafkaJSProtocolError && error.type === "UNKNOWN_TOPIC_OR_PARTITION") return true;
  return error.cause instanceof Error && isUnknownTopic(error.cause);
}
