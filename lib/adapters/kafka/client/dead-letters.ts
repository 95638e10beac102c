import {
  CompressionTypes,
  KafkaJSProtocolError,
  type ICustomPartitioner,
  type Kafka,
  type Producer,
} from "kafkajs";
import { abortable } from "../../../rules/base/abortable.ts";
import {
  bareLetter,
  type DeadLetter,
  fittingLetter,
  maxLetterBytes,
  withoutValue,
} from "../../../rules/dead-letters/dead-letter.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import { contentBytesOf } from "../../../rules/model/record.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import { createTopic } from "./create-topic.ts";
import { createKafkaClient } from "./client.ts";
import type { KafkaLinks } from "./links.ts";
import { explained, inWords } from "./explain-error.ts";

/** Stores rejected records in a Kafka topic, because Elasticsearch may be what fails. */
export interface DeadLetters {
  /**
   * Resolves once all letters are acknowledged by every in-sync replica. At least once: after an error some may
   * be there already.
   * @throws whatever Kafka refused
   */
  store(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Letters are kept until somebody deletes them, and may be larger than any record a default broker accepts. */
export const DEAD_LETTER_TOPIC_CONFIG = [
  { name: "retention.ms", value: "-1" },
  { name: "max.message.bytes", value: String(maxLetterBytes) },
];
/** `max.message.bytes` limits a whole record batch. A topic that we did not create may have the default of 1 MB. */
const BATCH_BYTES = 512 * 1024;

/** Connects with the first letter, and creates the topic if it is missing. */
export function createDeadLetters(
  settings: KafkaSettings,
  topic: string,
  logger: Logger,
  links?: KafkaLinks,
): DeadLetters {
  let opening: Promise<Producer> | null = null;

  const open = (): Promise<Producer> => {
    opening ??= openProducer(createKafkaClient(settings, logger, links), topic);
    return opening;
  };

  const close = async (): Promise<void> => {
    const closing = opening;
    opening = null;
    // A producer that failed to open has nothing to close.
    const producer = await closing?.catch(() => null);
    await producer?.disconnect();
  };

  return {
    close,
    async store(letters, signal) {
      try {
        const producer = await abortable(open(), signal);
        for (const batch of inBatches(letters.map(fittingLetter), contentBytesOf))
          await abortable(send(producer, topic, batch), signal);
      } catch (error) {
        // The caller aborted; others may still use the same producer.
        if (signal.aborted) throw signal.reason;
        // The next letter starts over: the topic may have been deleted, or the broker replaced.
        void close().catch((failure: unknown) => {
          logger.debug("the dead-letter producer could not be closed", { error: messageOf(failure) });
        });
        throw (await explained(error, settings)) ?? inWords(error);
      }
    },
  };
}

async function openProducer(kafka: Kafka, topic: string): Promise<Producer> {
  await createTopic(kafka, { topic, configEntries: DEAD_LETTER_TOPIC_CONFIG });
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: inTurns,
  });
  await producer.connect();
  return producer;
}

/**
 * Round robin over the partitions that have a leader. kafkajs' own partitioner would hash the key, in time quadratic in
 * its length: one of 1 MB blocks the process for two minutes.
 */
const inTurns: ICustomPartitioner = () => {
  let turn = 0;
  return ({ partitionMetadata }) => {
    const led = partitionMetadata.filter(({ leader }) => leader >= 0);
    const partitions = led.length > 0 ? led : partitionMetadata;
    return partitions[turn++ % partitions.length]?.partitionId ?? 0;
  };
};

/**
 * Halves a batch that is too large. A single letter that is too large is sent without its value, then bare.
 * Compressed, so that a record which fitted its source topic only when compressed fits here too.
 */
async function send(producer: Producer, topic: string, letters: readonly DeadLetter[]): Promise<void> {
  try {
    await producer.send({
      topic,
      acks: -1,
      compression: CompressionTypes.GZIP,
      messages: letters.map(({ key, value, headers }) => ({
        key,
        value,
        headers: headers.map((header) => ({ key: header.name, value: header.value })),
      })),
    });
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    const [first] = letters;
    if (letters.length > 1) {
      const middle = Math.ceil(letters.length / 2);
      await send(producer, topic, letters.slice(0, middle));
      await send(producer, topic, letters.slice(middle));
      return;
    }
    const smaller = first === undefined ? null : nextForm(first);
    if (smaller === null) throw tooSmall(topic, error);
    await send(producer, topic, [smaller]);
  }
}

function nextForm(letter: DeadLetter): DeadLetter | null {
  if (letter.value !== null) return withoutValue(letter);
  const bare = bareLetter(letter);
  return contentBytesOf(bare) < contentBytesOf(letter) ? bare : null;
}

function tooSmall(topic: string, cause: unknown): PenstockError {
  const message = `"${topic}" refuses even a letter without key, value and headers: its max.message.bytes is too small`;
  return new PenstockError("kafka_refused", message, { retryable: true, cause });
}

/** Whether Kafka refused a record batch because of its size. */
export function isTooLarge(error: unknown): boolean {
  if (error instanceof KafkaJSProtocolError) {
    return error.type === "MESSAGE_TOO_LARGE" || error.type === "RECORD_LIST_TOO_LARGE";
  }
  return error instanceof Error && error.cause !== undefined && isTooLarge(error.cause);
}

/** In their order; what is larger than a batch has one of its own. */
export function inBatches<T>(all: readonly T[], bytesOf: (one: T) => number): T[][] {
  const batches: T[][] = [];
  let bytes = Infinity;
  for (const one of all) {
    bytes += bytesOf(one);
    const current = batches.at(-1);
    if (current !== undefined && bytes <= BATCH_BYTES) {
      current.push(one);
      continue;
    }
    batches.push([one]);
    bytes = bytesOf(one);
  }
  return batches;
}
