import { contentBytesOf, type SourceRecord } from "../../../rules/model/record.ts";

/**
 * The record with buffers of its own. For one that is to be kept after the others of its fetch are gone: eight
 * megabytes would stay in memory for it.
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
