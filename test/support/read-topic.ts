import { createRecordReader } from "../../lib/adapters/kafka/queries/record-reader.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { eventually } from "./eventually.ts";
import type { TestKafka } from "./kafka.ts";
import { createMemoryLogger } from "./memory-logger.ts";
import { kafkaSettings } from "./settings.ts";

const READ_MS = 30_000;

/** All records of a topic without gaps, by partition and offset. */
export async function readAll(kafka: TestKafka, topic: string): Promise<SourceRecord[]> {
  return readTopic(kafka.brokers, topic, await kafka.written(topic));
}

/** Waits for `count` records of a topic, and returns them by partition and offset. */
export async function readTopic(
  brokers: readonly string[],
  topic: string,
  count: number,
): Promise<SourceRecord[]> {
  const reader = createRecordReader(kafkaSettings({ brokers }), createMemoryLogger());
  const records = await eventually(
    `${count} records of ${topic} were read`,
    async () => {
      const signal = AbortSignal.timeout(READ_MS);
      const spans = await reader.ranges(topic, signal);
      const read: SourceRecord[] = [];
      await reader.readSpans(topic, spans, async (batch) => void read.push(...batch.records), signal);
      return read.length >= count ? read : null;
    },
    READ_MS,
  );
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}
