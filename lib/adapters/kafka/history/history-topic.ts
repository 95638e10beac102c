import { CompressionTypes, type ICustomPartitioner, type Kafka, type Producer } from "kafkajs";
import { abortable } from "../../../rules/base/abortable.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { HistorySettings, KafkaSettings } from "../../../rules/model/settings.ts";
import { createKafkaClient } from "../client/client.ts";
import { withoutAggregate } from "../client/dead-letters.ts";
import { explained, inWords } from "../client/explain-error.ts";
import type { KafkaLinks } from "../client/links.ts";
import type { KafkaWire } from "../protocol/wire.ts";
import { createKafkaOffsets } from "../queries/offsets.ts";

/** What is written to a partition of its own, because a start reads days of the one, and hours of the other. */
export type HistoryLane = "lasting" | "minutes";

export interface HistoryEntry {
  readonly lane: HistoryLane;
  readonly value: string;
}

/** Appends to the topic of the history, for all hosts of the cluster. */
export interface HistoryWriter {
  /**
   * Connects with the first call, and creates the topic if it is missing. At least once.
   * @throws whatever Kafka refused
   */
  append(entries: readonly HistoryEntry[], signal: AbortSignal): Promise<void>;
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
const BATCH_BYTES = 512 * 1024;

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
    if (partitions === null) await createTopic(client, history);
    const producer = client.producer({ allowAutoTopicCreation: false, createPartitioner: asGiven });
    await producer.connect();
    return { producer, partitions: partitions ?? LANES };
  };
  const partitionsOf = async (
    topic: string,
    wire: KafkaWire,
    signal: AbortSignal,
  ): Promise<number | null> => {
    const offsets = createKafkaOffsets(kafka, logger, wire);
    try {
      return (await offsets.ranges(topic, signal)).size;
    } catch (error) {
      if (error instanceof PenstockError && error.code === "topic_missing") return null;
      throw error;
    } finally {
      await offsets.close();
    }
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
    async append(entries, signal) {
      try {
        opening ??= open(signal);
        const { producer, partitions } = await abortable(opening, signal);
        for (const batch of inBatches(entries)) {
          const messages = batch.map(({ lane, value }) => ({
            key: kafka.group,
            value,
            partition: partitionOf(lane, partitions),
          }));
          const { topic } = history;
          const sending = producer.send({ topic, acks: -1, compression: CompressionTypes.GZIP, messages });
          await abortable(sending, signal);
        }
      } catch (error) {
        // The next call starts over: the topic may have been deleted, or the broker replaced.
        void close().catch((failure: unknown) => {
          logger.debug("the history's producer could not be closed", { error: messageOf(failure) });
        });
        if (signal.aborted) throw signal.reason;
        throw (await explained(error, kafka)) ?? inWords(error);
      }
    },
  };
}

/** `max.message.bytes` limits a whole record batch: what waited for hours comes in several. */
function inBatches(entries: readonly HistoryEntry[]): HistoryEntry[][] {
  const batches: HistoryEntry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    bytes += entry.value.length;
    const current = batches.at(-1);
    if (current !== undefined && bytes <= BATCH_BYTES) {
      current.push(entry);
      continue;
    }
    batches.push([entry]);
    bytes = entry.value.length;
  }
  return batches;
}

interface Opened {
  readonly producer: Producer;
  readonly partitions: number;
}

const asGiven: ICustomPartitioner =
  () =>
  ({ message }) =>
    message.partition ?? 0;

async function createTopic(kafka: Kafka, { topic, keepMs }: HistorySettings): Promise<void> {
  const admin = kafka.admin();
  const configEntries = [
    { name: "cleanup.policy", value: "delete" },
    { name: "retention.ms", value: String(keepMs) },
    { name: "retention.bytes", value: String(RETENTION_BYTES) },
  ];
  try {
    await admin.connect();
    // Returns false, without an error, if another host was faster.
    await admin.createTopics({
      topics: [{ topic, numPartitions: LANES, configEntries }],
      waitForLeaders: true,
    });
  } catch (error) {
    throw withoutAggregate(error, topic);
  } finally {
    await admin.disconnect();
  }
}

/** A topic that somebody made may have one partition. */
export function partitionOf(lane: HistoryLane, partitions: number): number {
  return lane === "minutes" && partitions > 1 ? 1 : 0;
}
