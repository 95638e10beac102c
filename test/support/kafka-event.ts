import type { RecordHeader, SourceRecord } from "../../lib/rules/model/record.ts";

/** The event in which Lambda would deliver these records. */
export function kafkaEvent(
  records: readonly { readonly topic: string; readonly record: SourceRecord }[],
  eventSource = "aws:kafka",
) {
  const byPartition: Record<string, object[]> = {};
  for (const { topic, record } of records)
    (byPartition[`${topic}-${record.partition}`] ??= []).push(eventRecord(topic, record));
  return {
    eventSource,
    eventSourceArn: "arn:aws:kafka:eu-central-1:123456789012:cluster/logs/0a1b2c3d-4-5",
    bootstrapServers: "b-1.logs.example.com:9092,b-2.logs.example.com:9092",
    records: byPartition,
  };
}

function eventRecord(topic: string, { key, value, headers, ...record }: SourceRecord) {
  return {
    topic,
    ...record,
    timestampType: "CREATE_TIME",
    ...(key !== null && { key: key.toString("base64") }),
    ...(value !== null && { value: value.toString("base64") }),
    headers: headers.map(headerObject),
  };
}

/** Not a literal, because `__proto__` would not be a name there. */
function headerObject({ name, value }: RecordHeader): object {
  // Java's bytes are signed.
  return Object.fromEntries([[name, value === null ? null : [...new Int8Array(value)]]]);
}
