import type { TopicNames } from "../../lib/rules/remedies/topic.ts";

/** Names for remedies: a Kafka without logins. */
export const testNames: Omit<TopicNames, "topic"> = {
  kafka: { brokers: ["k:9092"], group: "penstock", principal: "User:ANONYMOUS", isSecured: false },
  deadLetterTopic: "penstock-dead-letters",
};
