import type { KafkaMessage } from "kafkajs";
import { contentBytesOf, type RecordHeader, SetAside, type SourceRecord } from "../../rules/record.ts";

const NO_HEADERS: readonly RecordHeader[] = [];

/**
 * A record of ours from a record of kafkajs. Its buffers are slices of the fetch response, which stays in memory for as
 * long as one of them does: see {@link detached}.
 */
export function toSourceRecord(partition: number, message: KafkaMessage): SourceRecord {
  const { key, value } = message;
  // Records of the oldest two formats know neither numbers nor headers.
  if (!("offsetNumber" in message)) {
    const [offset, timestamp] = [Number(message.offset), Number(message.timestamp)];
    return { partition, offset, timestamp, key, value, headers: NO_HEADERS };
  }
  const { offsetNumber: offset, timestampNumber: timestamp, headerList } = message;
  const headers = headerList.length === 0 ? NO_HEADERS : headerList.map(toHeader);
  if (message.setAside instanceof SetAside)
    return { partition, offset, timestamp, key, value, headers, setAside: message.setAside };
  return { partition, offset, timestamp, key, value, headers };
}

function toHeader({ key, value }: { readonly key: string; readonly value: Buffer | null }): RecordHeader {
  return { name: key, value };
}

/**
 * The record with buffers of its own. For one that is to be kept after the others of its fetch are gone: eight megabytes
 * would stay in memory for it.
 */
export function detached(record: SourceRecord): SourceRecord {
  const { key, value, headers } = record;
  return {
    ...record,
    key: key && Buffer.from(key),
    value: value && Buffer.from(value),
    headers: headers.map(({ name, value }) => ({ name, value: value && Buffer.from(value) })),
  };
}

/** What a record takes beside its contents: its objects and two buffers, roughly, so that tiny ones count too. */
const RECORD_OVERHEAD_BYTES = 256;
const HEADER_OVERHEAD_BYTES = 120;

/** About the memory a record holds. */
export function bytesOf(record: SourceRecord): number {
  return RECORD_OVERHEAD_BYTES + HEADER_OVERHEAD_BYTES * record.headers.length + contentBytesOf(record);
}

/** About the memory they hold together. */
export function bytesOfAll(records: readonly SourceRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += bytesOf(record);
  return bytes;
}
