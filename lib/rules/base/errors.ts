/**
 * The one base of every error Penstock throws on purpose.
 *
 * One question is asked of an error, "try again or not?", and it is answered here, where the error is made.
 */
export type ErrorCode =
  | "config_unreadable"
  | "config_invalid"
  | "usage"
  | "kafka_unavailable"
  | "kafka_refused"
  | "topic_missing"
  | "topic_recreated"
  | "consumer_crashed"
  | "elasticsearch_unavailable"
  | "elasticsearch_refused"
  | "etcd_unavailable"
  | "etcd_refused"
  | "etcd_conflict"
  | "http_unavailable"
  | "event_invalid"
  | "deadline_exceeded"
  | "stopping"
  | "stack";

export class PenstockError extends Error {
  override readonly name = "PenstockError";
  readonly code: ErrorCode;
  /** True where the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** What a host that stops answers to what it would have to begin: it, or another, does it later. */
export function hostStopping(): PenstockError {
  return new PenstockError("stopping", "the host stops", { retryable: true });
}

/** The message of whatever was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s+/g, " ").trim();
}
