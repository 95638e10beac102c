import { createKafkaDecoder } from "../../../lib/adapters/kafka/records/kafka-decoder.ts";
import type { RecordDecoder } from "../../../lib/adapters/kafka/records/record-decoder.ts";
import type { KafkaSettings } from "../../../lib/rules/model/settings.ts";

/** The decoder of one topic, with the current `kafka.maxBatchBytes`. */
export function createTopicDecoder(kafka: () => KafkaSettings): RecordDecoder {
  let { maxBatchBytes } = kafka();
  let decoder = createKafkaDecoder({ maxBatchBytes });
  return {
    open(part) {
      if (kafka().maxBatchBytes !== maxBatchBytes) {
        ({ maxBatchBytes } = kafka());
        decoder = createKafkaDecoder({ maxBatchBytes });
      }
      return decoder.open(part);
    },
  };
}
