import type { Refused } from "../../../rules/diagnosis/check.ts";
import type { TopicConfig } from "../../../rules/progress/retention.ts";
import { errorSentence } from "../protocol/error-names.ts";
import type { KafkaWire } from "../protocol/wire.ts";

const ANSWER_MS = 10_000;
const NAMES = ["retention.ms", "retention.bytes", "max.message.bytes", "cleanup.policy"];

/** Reads the settings of existing topics, in one request. @throws what the wire throws */
export async function readTopicConfigs(
  wire: KafkaWire,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TopicConfig | Refused>> {
  if (topics.length === 0) return new Map();
  const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
  const answer = await wire.call(null, "DescribeConfigs", { topics, names: NAMES }, how);
  return new Map(
    answer.topics.map(({ topic, error, values }) => [
      topic,
      error === null ? configOf(values) : { refused: errorSentence(error) },
    ]),
  );
}

function configOf(told: readonly { readonly name: string; readonly value: string | null }[]): TopicConfig {
  const values = new Map(told.map(({ name, value }) => [name, value]));
  const number = (name: string): number | null => (values.has(name) ? Number(values.get(name)) : null);
  return {
    retentionMs: number("retention.ms"),
    retentionBytes: number("retention.bytes"),
    maxMessageBytes: number("max.message.bytes"),
    cleanupPolicy: values.get("cleanup.policy") ?? null,
  };
}
