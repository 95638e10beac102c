import { type ITopicConfig, type Kafka, KafkaJSAggregateError } from "kafkajs";
import { messageOf } from "../../../rules/base/errors.ts";

/** Creates the topic unless it exists, and waits for its leaders. */
export async function createTopic(kafka: Kafka, config: ITopicConfig): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    // Returns false, without an error, if the topic exists, also because another host was faster.
    await admin.createTopics({ topics: [config], waitForLeaders: true });
  } catch (error) {
    throw withoutAggregate(error, config.topic);
  } finally {
    await admin.disconnect();
  }
}

/** kafkajs says only "Topic creation errors"; the reasons are in the aggregated errors. */
function withoutAggregate(error: unknown, topic: string): unknown {
  if (!(error instanceof KafkaJSAggregateError)) return error;
  const reasons = error.errors.map((one) => messageOf(one)).join(", ");
  return new Error(`"${topic}" does not exist and cannot be created: ${reasons}`, { cause: error });
}
