/** Glossary of what is moved: records out of Kafka, and what became of each. */

/** A record as read from Kafka. Its buffers may be slices of the fetch response it came in. */
export interface SourceRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch, as the record says; -1 where it has none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In the order they were written; a name may stand more than once. */
  readonly headers: readonly RecordHeader[];
  /** Only of one without a timestamp; absent there too: it was not read to be indexed. */
  readonly standIn?: TimeStandIn;
  /** It is no record, but stands for a whole record batch that was not decoded: key, value and headers are empty. */
  readonly setAside?: SetAside;
}

/** What a record without a timestamp has instead: producers of old, and some of now, write none. */
export interface TimeStandIn {
  /** When it was read first: its `@timestamp`. The record keeps it however often it is tried. */
  readonly readAtMs: number;
  /** The time of the nearest record before it in its partition that has one: the day of its index. Null: not known. */
  readonly nearestMs: number | null;
}

/** A record batch that became one dead letter: all of its records have their outcome by it. */
export class SetAside {
  readonly type: "batch_too_large" | "batch_unreadable";
  readonly reason: string;
  /** One past its last offset; the first is its record's. */
  readonly end: number;
  /** How many records it holds. */
  readonly records: number;

  constructor({ type, reason, end, records }: Pick<SetAside, "type" | "reason" | "end" | "records">) {
    this.type = type;
    this.reason = reason;
    this.end = end;
    this.records = records;
  }
}

/** How many of Kafka's records it stands for. */
export function recordsIn({ setAside }: Pick<SourceRecord, "setAside">): number {
  return setAside?.records ?? 1;
}

export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** How many of Kafka's records these stand for, together. */
export function countRecords(records: readonly SourceRecord[]): number {
  let count = 0;
  for (const record of records) count += recordsIn(record);
  return count;
}

/** A header without name and value is a member of the document even so. */
const HEADER_FRAME_BYTES = 8;

/** What a record brings: about the size of its document. */
export function contentBytesOf(record: Pick<SourceRecord, "key" | "value" | "headers">): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { name, value } of record.headers)
    bytes += HEADER_FRAME_BYTES + name.length + (value?.length ?? 0);
  return bytes;
}

/** The four ends of a record. Each record has exactly one. */
export const outcomeKinds = ["indexed", "duplicate", "dead-lettered", "skipped"] as const;
export type OutcomeKind = (typeof outcomeKinds)[number];

const SOME: readonly OutcomeKind[][] = Array.from({ length: 64 }, (_, count) => indexedOf(count));

function indexedOf(count: number): OutcomeKind[] {
  return Array.from({ length: count }, () => "indexed");
}

/** The usual outcomes, of so many records. */
export function allIndexed(count: number): readonly OutcomeKind[] {
  return SOME[count] ?? indexedOf(count);
}

/** One for each of Kafka's records; null where there is none yet. */
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

/** Why a record is rejected: the record's own fault. */
export interface Rejection {
  /** The HTTP status of the item, or 400 where Penstock itself rejected it. */
  readonly status: number;
  /** Elasticsearch's error type, or one of ours such as `invalid_timestamp`. */
  readonly type: string;
  readonly reason: string;
  /** The concrete index it was meant for. */
  readonly index: string;
}

/** A closed set of short codes, fit for a metric's label. */
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

/** Why a record has to be tried again: never its own fault. */
export interface RetryReason {
  readonly code: (typeof retryCodes)[number];
  /** One sentence for a person. */
  readonly message: string;
}
