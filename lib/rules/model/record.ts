/** Glossary of records from Kafka and their outcomes. */

/** A record as read from Kafka. Its buffers may be slices of the fetch response. */
export interface SourceRecord {
  readonly partition: number;
  readonly offset: number;
  /** The record's own timestamp in milliseconds since the epoch; -1 if it has none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In their original order; names may repeat. */
  readonly headers: readonly RecordHeader[];
  /** Only for a record without a timestamp, and only if it was read to be indexed. */
  readonly standIn?: TimeStandIn;
  /** Set if this represents a whole record batch that was not decoded: key, value and headers are then empty. */
  readonly setAside?: SetAside;
}

/** The substitute for a missing timestamp: old producers, and a few current ones, write none. */
export interface TimeStandIn {
  /** When it was first read. Becomes its `@timestamp` and stays the same on every retry. */
  readonly readAtMs: number;
  /** The time of the nearest earlier record in its partition that has one. Chooses the day of its index. Null if unknown. */
  readonly nearestMs: number | null;
}

/** A record batch that becomes one dead letter, which is the outcome of all its records. */
export class SetAside {
  readonly type: "batch_too_large" | "batch_unreadable";
  readonly reason: string;
  /** One past its last offset; the first is the offset of the record that represents it. */
  readonly end: number;
  /** The number of its records. */
  readonly records: number;

  constructor({ type, reason, end, records }: Pick<SetAside, "type" | "reason" | "end" | "records">) {
    this.type = type;
    this.reason = reason;
    this.end = end;
    this.records = records;
  }
}

/** The number of Kafka records it represents. */
export function recordsIn({ setAside }: Pick<SourceRecord, "setAside">): number {
  return setAside?.records ?? 1;
}

export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** The number of Kafka records that these represent together. */
export function countRecords(records: readonly SourceRecord[]): number {
  let count = 0;
  for (const record of records) count += recordsIn(record);
  return count;
}

/** Even an empty header is a member of the document. */
const HEADER_FRAME_BYTES = 8;

/** The size of a record's content, which is roughly that of its document. */
export function contentBytesOf(record: Pick<SourceRecord, "key" | "value" | "headers">): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { name, value } of record.headers)
    bytes += HEADER_FRAME_BYTES + name.length + (value?.length ?? 0);
  return bytes;
}

/** The four outcomes. Each record ends in exactly one. */
export const outcomeKinds = ["indexed", "duplicate", "dead-lettered", "skipped"] as const;
export type OutcomeKind = (typeof outcomeKinds)[number];

const SOME: readonly OutcomeKind[][] = Array.from({ length: 64 }, (_, count) => indexedOf(count));

function indexedOf(count: number): OutcomeKind[] {
  return Array.from({ length: count }, () => "indexed");
}

/** The usual outcomes of `count` records. */
export function allIndexed(count: number): readonly OutcomeKind[] {
  return SOME[count] ?? indexedOf(count);
}

/** One outcome for each Kafka record; null for those without one yet. */
export function eachOutcome(
  records: readonly SourceRecord[],
  outcomes: readonly (OutcomeKind | null)[],
): readonly (OutcomeKind | null)[] {
  if (records.length === outcomes.length && records.every(({ setAside }) => setAside === undefined))
    return outcomes;
  return records.flatMap((record, position) =>
    Array.from({ length: recordsIn(record) }, () => outcomes[position] ?? null),
  );
}

/** Why a record is rejected. Always the record's own fault. */
export interface Rejection {
  /** The HTTP status of the item, or 400 if Penstock itself rejected it. */
  readonly status: number;
  /** Elasticsearch's error type, or one of ours such as `invalid_timestamp`. */
  readonly type: string;
  readonly reason: string;
  /** The concrete index it was sent to. */
  readonly index: string;
}

/** A closed set of short codes, usable as a metric label. */
export const retryCodes = [
  "connection",
  "timeout",
  "too_many_requests",
  "server_error",
  "unauthorized",
  "not_found",
  "cluster_block",
  "bad_answer",
  "dead_letter_unavailable",
  "other",
] as const;

/** Why a record must be retried. Never the record's own fault. */
export interface RetryReason {
  readonly code: (typeof retryCodes)[number];
  /** One sentence for a person. */
  readonly message: string;
  /** Elasticsearch's answer; absent without one. */
  readonly refusal?: ServerRefusal;
}

/** How Elasticsearch refused to write. */
export interface ServerRefusal {
  readonly status: number;
  /** Its error type; empty if it named none. */
  readonly type: string;
  /** Empty if it may quote the record. */
  readonly reason: string;
  /** The index that the operation named; null if the whole request was refused. */
  readonly index: string | null;
}
