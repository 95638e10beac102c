import type { Kafka } from "kafkajs";
import { toSourceRecord } from "../../lib/adapters/kafka/source-record.ts";
import type { SourceRecord } from "../../lib/rules/record.ts";
import { eventually } from "./eventually.ts";
import { uniqueName } from "./kafka.ts";

/** The first `count` records of a topic, by partition and offset, read with a group of their own that commits nothing. */
export async function readTopic(kafka: Kafka, topic: string, count: number): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  const consumer = kafka.consumer({
    groupId: uniqueName("reader"),
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        records.push(toSourceRecord(partition, message));
        return Promise.resolve();
      },
    });
    await eventually(`${count} records of ${topic} were read`, () => records.length >= count);
  } finally {
    await consumer.disconnect();
  }
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}
