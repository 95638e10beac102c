import { CompressionTypes, type ICustomPartitioner, type Producer } from "kafkajs";
import { abortable } from "../../../rules/base/abortable.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { HistorySettings, KafkaSettings } from "../../../rules/model/settings.ts";
import { createKafkaClient } from "../client/client.ts";
import { createTopic } from "../client/create-topic.ts";
import { explained, inWords } from "../client/explain-error.ts";
import type { KafkaLinks } from "../client/links.ts";
import type { KafkaWire } from "../protocol/wire.ts";
import { refused } from "../queries/offsets.ts";
import { type HistoryEntry, type HistoryLane, sendEntries } from "./send-entries.ts";

/** Appends to the topic of the history, for all hosts of the cluster. */
export interface HistoryWriter {
  /**
   * Connects with the first call, and creates the topic if it is missing. At least once.
   * @param onSettled told what must not be appended again: Kafka took it, or will never take it because of its size
   * @throws whatever Kafka refused
   */
  append(
    entries: readonly HistoryEntry[],
    signal: AbortSignal,
    onSettled: (entries: readonly HistoryEntry[]) => void,
  ): Promise<void>;
  close(): Promise<void>;
}

export interface HistoryTopicOptions {
  readonly kafka: KafkaSettings;
  readonly history: HistorySettings;
  readonly logger: Logger;
}

/** Of each partition. Time is the usual bound; this one holds if a thousand hosts write. */
const RETENTION_BYTES = 256 * 1024 * 1024;
const LANES = 2;
/** Kafka deletes whole segments: with its default of 1 GB, a partition would take as much beyond its limit. */
const SEGMENT_BYTES = 64 * 1024 * 1024;
const SEGMENT_MS = 86_400_000;
/** Of one question about the topic. */
const ANSWER_MS = 5_000;

/** @param openWire to ask whether the topic exists: unlike kafkajs, it can be interrupted while no broker answers */
export function createHistoryWriter(
  { kafka, history, logger }: HistoryTopicOptions,
  links: KafkaLinks,
  openWire: () => KafkaWire,
): HistoryWriter {
  let opening: Promise<Opened> | null = null;

  const open = async (signal: AbortSignal): Promise<Opened> => {
    const partitions = await partitionsOf(history.topic, openWire(), signal);
    const client = createKafkaClient(kafka, logger, links);
    if (partitions === null)
      await createTopic(client, {
        topic: history.topic,
        numPartitions: LANES,
        configEntries: historyTopicConfig(history.keepMs),
      });
    const producer = client.producer({ allowAutoTopicCreation: false, createPartitioner: asGiven });
    await producer.connect();
    return { producer, partitions: partitions ?? LANES };
  };

  const close = async (): Promise<void> => {
    const closing = opening;
    opening = null;
    // A producer that failed to open has nothing to close.
    const opened = await closing?.catch(() => null);
    await opened?.producer.disconnect();
  };

  return {
    close,
    async append(entries, signal, onSettled) {
      let isCut = false;
      try {
        opening ??= open(signal);
        const { producer, partitions } = await abortable(opening, signal);
        const { topic } = history;
        const send = async (batch: readonly HistoryEntry[]): Promise<void> => {
          signal.throwIfAborted();
          const messages = batch.map(({ lane, value }) => ({
            key: kafka.group,
            value,
            partition: partitionOf(lane, partitions),
          }));
          const sending = producer.send({ topic, acks: -1, compression: CompressionTypes.GZIP, messages });
          await abortable(sending, signal);
        };
        isCut = await sendEntries(entries, send, onSettled);
      } catch (error) {
        // The next call starts over: the topic may have been deleted, or the broker replaced.
        void close().catch((failure: unknown) => {
          logger.debug("the history's producer could not be closed", { error: messageOf(failure) });
        });
        if (signal.aborted) throw signal.reason;
        throw (await explained(error, kafka)) ?? inWords(error);
      }
      if (isCut) {
        const message = `"${history.topic}" refuses a part as too large: its max.message.bytes is too small`;
        throw new PenstockError("kafka_refused", message);
      }
    },
  };
}

interface Opened {
  readonly producer: Producer;
  readonly partitions: number;
}

const asGiven: ICustomPartitioner =
  () =>
  ({ message }) =>
    message.partition ?? 0;

/**
 * Asks any broker: a partition without a leader does not keep the other from being written.
 * @param wire closed at the end
 * @returns null if the topic does not exist
 */
export async function partitionsOf(
  topic: string,
  wire: KafkaWire,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
    const { topics } = await wire.call(null, "Metadata", { topics: [topic] }, how);
    const error = topics[0]?.error ?? null;
    if (error === "UNKNOWN_TOPIC_OR_PARTITION") return null;
    if (error !== null) throw refused(topic, error);
    return topics[0]?.partitions.length ?? null;
  } finally {
    await wire.close();
  }
}

/** With what the topic is created, if it does not exist. */
export function historyTopicConfig(keepMs: number): { name: string; value: string }[] {
  return [
    { name: "cleanup.policy", value: "delete" },
    { name: "retention.ms", value: String(keepMs) },
    { name: "retention.bytes", value: String(RETENTION_BYTES) },
    { name: "segment.ms", value: String(SEGMENT_MS) },
    { name: "segment.bytes", value: String(SEGMENT_BYTES) },
  ];
}

/** A topic that somebody made may have one partition. */
export function partitionOf(lane: HistoryLane, partitions: number): number {
  return lane === "minutes" && partitions > 1 ? 1 : 0;
}
