import type { Subject } from "../kit/route.ts";
import { recordRoutes, recordSchemas } from "./records.ts";
import { kafkaTopicRoutes, kafkaTopics } from "./topics.ts";

export const kafka = {
  name: "kafka",
  description: "What lies in Kafka, beside what was made of it.",
  schemas: { ...recordSchemas, KafkaTopics: kafkaTopics },
  routes: { ...recordRoutes, ...kafkaTopicRoutes },
} satisfies Subject;
