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
}

export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** What a record brings: about the size of its document. */
export function contentBytesOf(record: Pick<SourceRecord, "key" | "value" | "headers">): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { name, value } of record.headers) bytes += name.length + (value?.length ?? 0);
  return bytes;
}

/** The four ends of a record. Each record has exactly one. */
export const outcomeKinds = ["indexed", "duplicate", "dead-lettered", "skipped"] as const;
export type OutcomeKind = (typeof outcomeKinds)[number];

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
