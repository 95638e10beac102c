import { isDocumentTime } from "./event-time.ts";
import type { SourceRecord } from "../model/record.ts";

/** The record's time; null if it has none that a document may carry. */
export function knownTime(record: Pick<SourceRecord, "timestamp"> | null): number | null {
  return record !== null && isDocumentTime(record.timestamp) ? record.timestamp : null;
}

/**
 * Adds a substitute time to records without a timestamp.
 * @param records of one partition, in offset order
 * @param nearestMs the time of the nearest earlier record; null if unknown
 * @returns the records, and `nearestMs` for those that follow
 */
export function withStandIns(
  records: readonly SourceRecord[],
  nearestMs: number | null,
  readAtMs: number,
): { readonly records: readonly SourceRecord[]; readonly nearestMs: number | null } {
  let nearest = nearestMs;
  const isTimeless = records.some(({ timestamp }) => timestamp === -1);
  if (!isTimeless) {
    const last = records.findLast((record) => knownTime(record) !== null) ?? null;
    return { records, nearestMs: knownTime(last) ?? nearest };
  }
  const complete = records.map((record) => {
    if (record.timestamp === -1) return { ...record, standIn: { readAtMs, nearestMs: nearest } };
    nearest = knownTime(record) ?? nearest;
    return record;
  });
  return { records: complete, nearestMs: nearest };
}
