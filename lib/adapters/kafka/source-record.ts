import type { KafkaMessage } from "kafkajs";
import type { RecordHeader, SourceRecord } from "../../rules/record.ts";

const NO_HEADERS: readonly RecordHeader[] = [];

/** A record of ours from a record of kafkajs, whose key and value are slices that pin the whole fetch response. */
export function toSourceRecord(partition: number, message: KafkaMessage): SourceRecord {
  return {
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key === null ? null : Buffer.from(message.key),
    value: message.value === null ? null : Buffer.from(message.value),
    headers: headersOf(message),
  };
}

function headersOf(message: KafkaMessage): readonly RecordHeader[] {
  // Records of the oldest two formats have none.
  if (!("headerList" in message) || message.headerList.length === 0) return NO_HEADERS;
  return message.headerList.map(({ key, value }) => ({
    name: key,
    value: value === null ? null : Buffer.from(value),
  }));
}

/** What a record takes beside its contents: its objects and two buffers, roughly, so that tiny ones count too. */
const RECORD_OVERHEAD_BYTES = 256;

/** About the memory a record holds. */
export function bytesOf(record: SourceRecord): number {
  return RECORD_OVERHEAD_BYTES + contentBytesOf(record);
}

/** What a record brings: about the size of its document. */
export function contentBytesOf(record: SourceRecord): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { name, value } of record.headers) bytes += name.length + (value?.length ?? 0);
  return bytes;
}

/** About the memory they hold together. */
export function bytesOfAll(records: readonly SourceRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += bytesOf(record);
  return bytes;
}
