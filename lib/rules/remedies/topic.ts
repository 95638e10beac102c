import type { RetryReason } from "../model/record.ts";
import type { Settings } from "../model/settings.ts";
import { connectionRemedy } from "./elasticsearch.ts";
import { type KafkaNames, kafkaNamesIn, kafkaRemedy, missingTopicRemedy } from "./kafka.ts";
import { refusalRemedy } from "./refusal.ts";
import { type Remedy, remedy } from "./remedy.ts";
import { indexTemplateRemedy, streamRefusalRemedy } from "./template.ts";

/** The names that a topic's remedies need. */
export interface TopicNames {
  readonly topic: string;
  readonly kafka: KafkaNames;
  readonly deadLetterTopic: string;
}

/** What the config tells of these names. */
export function namesIn({ kafka, deadLetters }: Settings): Omit<TopicNames, "topic"> {
  return { kafka: kafkaNamesIn(kafka), deadLetterTopic: deadLetters.topic };
}

/** Why a topic does not run, or not as it should. */
export type TopicCause =
  /** It does not exist, or this user may not see it. */
  | { readonly kind: "missing" }
  /** Its records are tried again. */
  | { readonly kind: "retry"; readonly retry: RetryReason }
  /** Kafka or its group refuses it. */
  | { readonly kind: "kafka"; readonly reason: string }
  /** The template of its index or data stream is refused. */
  | { readonly kind: "template"; readonly reason: string; readonly isStream: boolean }
  /** Elasticsearch does not let it start. */
  | {
      readonly kind: "elasticsearch";
      readonly reason: string;
      /** Null if Elasticsearch did not answer. */
      readonly status: number | null;
    };

/** What mends it; null if nothing has to be done, or nobody can know. */
export function remedyFor(cause: TopicCause, names: TopicNames): Remedy | null {
  switch (cause.kind) {
    case "missing":
      return missingTopicRemedy(names.topic, names.kafka);
    case "retry":
      return retryRemedy(cause.retry, names);
    case "kafka":
      return kafkaRemedy(cause.reason, names.topic, names.kafka);
    case "template":
      return remedy(cause.isStream ? streamRefusalRemedy(cause.reason) : indexTemplateRemedy);
    case "elasticsearch":
      return connectionRemedy(cause.reason, cause.status, false);
  }
}

function retryRemedy({ code, message, refusal }: RetryReason, names: TopicNames): Remedy | null {
  if (code === "dead_letter_unavailable") return deadLetterRemedy(message, names);
  if (code === "timeout" || code === "connection") return connectionRemedy(message, null, false);
  if (refusal === undefined) return null;
  const known = refusalRemedy(refusal);
  if (known !== null) return known;
  const mayBeRecords = refusal.index !== null && refusal.reason === "";
  if (mayBeRecords)
    return remedy(
      "look which records are refused and why, then correct the pipeline or the mapping",
      `penstock topics try ${names.topic}`,
    );
  return connectionRemedy(message, refusal.status, false);
}

function deadLetterRemedy(message: string, { deadLetterTopic, kafka }: TopicNames): Remedy | null {
  const denied = kafkaRemedy(message, deadLetterTopic, kafka);
  if (denied !== null) return denied;
  return remedy(
    `create ${deadLetterTopic} with retention.ms=-1 and max.message.bytes=16777216, or grant CREATE; a rejected record stalls its partition until then`,
  );
}
