import { contentBytesOf, type SourceRecord } from "../../../rules/model/record.ts";

/**
 * Copies the record's buffers. For a record that outlives the others of its fetch, whose eight megabytes it would
 * otherwise keep in memory.
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

/** Approximate memory of a record's objects and two buffers, so that tiny records count too. */
const RECORD_OVERHEAD_BYTES = 256;
const HEADER_OVERHEAD_BYTES = 120;

/** Returns the approximate memory of a record. */
export function bytesOf(record: SourceRecord): number {
  return RECORD_OVERHEAD_BYTES + HEADER_OVERHEAD_BYTES * record.headers.length + contentBytesOf(record);
}

/** Returns their approximate memory together. */
export function bytesOfAll(records: readonly SourceRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += bytesOf(record);
  return bytes;
}
